import { setTimeout as pause } from 'node:timers/promises';
import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { withDeadline } from '../../../base/deadline.ts';
import type { Logger } from '../../../base/logger.ts';
import { AGAIN_AFTER, AT_ONCE } from '../port.ts';
import { HOLD } from './stream.ts';

/** Milliseconds that a request for messages stands at the server. */
const ASK_FOR = 10_000;
const RENEW_EVERY = HOLD / 3;
const FLUSH_DEADLINE = 2_000;
/** Milliseconds before a server is asked again that answered with an error. */
const ASK_AGAIN = 500;

interface PullingOptions {
  readonly nats: NatsConnection;
  readonly consumer: Consumer;
  readonly handler: (body: Uint8Array) => Promise<void>;
  readonly lost: (error: Error) => void;
  readonly log: Logger;
}

/** Asks for as many messages as may still be handled, has them handled, settles them. */
export class Pulling {
  readonly #options: PullingOptions;
  readonly #running = new Map<JsMsg, Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #renewing: NodeJS.Timeout;
  readonly #pulling: Promise<void>;
  #asked: ConsumerMessages | undefined;

  constructor(options: PullingOptions) {
    this.#options = options;
    this.#renewing = setInterval(() => {
      for (const message of this.#running.keys()) message.working();
    }, RENEW_EVERY);
    this.#pulling = this.#pull();
  }

  async probe(): Promise<void> {
    await this.#options.consumer.info();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#asked?.stop();
    await this.#pulling;
    await Promise.all(this.#running.values());
    await withDeadline(FLUSH_DEADLINE, this.#options.nats.flush()).catch(() => undefined);
    await this.end();
  }

  async end(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#renewing);
    await this.#options.nats.close();
  }

  async #pull(): Promise<void> {
    const { consumer, lost } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#room();
        if (signal.aborted) return;
        this.#asked = await consumer.fetch({ max_messages: AT_ONCE - this.#running.size, expires: ASK_FOR });
        if (signal.aborted) this.#asked.stop();
        for await (const message of this.#asked) this.#begin(message);
      } catch (error) {
        // Somebody may have deleted the stream, or the server has forgotten it: all is to be made anew.
        if (!(await consumer.info().catch(() => undefined))) return lost(error as Error);
        await pause(ASK_AGAIN, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #room(): Promise<void> {
    while (this.#running.size >= AT_ONCE) await Promise.race(this.#running.values());
  }

  #begin(message: JsMsg): void {
    if (this.#stopping.signal.aborted) {
      message.nak();
      return;
    }
    const handling = this.#handle(message).finally(() => this.#running.delete(message));
    this.#running.set(message, handling);
  }

  async #handle(message: JsMsg): Promise<void> {
    const { handler, log } = this.#options;
    try {
      await handler(message.data);
      message.ack();
    } catch (error) {
      if (this.#stopping.signal.aborted) return message.nak();
      log.warn({ err: error }, 'a message of the object store could not be dealt with and will come again');
      message.nak(AGAIN_AFTER);
    }
  }
}
