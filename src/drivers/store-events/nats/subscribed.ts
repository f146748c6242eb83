import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { withDeadline } from '../../../base/deadline.ts';
import type { Logger } from '../../../base/logger.ts';
import { AT_ONCE } from '../port.ts';
import type { NatsEventsTarget } from './target.ts';

/** Milliseconds. */
const FLUSH_DEADLINE = 2_000;
/** Bytes of messages that wait here for others to be handled; what comes beyond is dropped. */
const WAITING_LIMIT = 16 * 1024 ** 2;

interface SubscribedOptions {
  readonly nats: NatsConnection;
  readonly target: NatsEventsTarget;
  readonly handler: (body: Uint8Array) => Promise<void>;
  readonly lost: (error: Error) => void;
  readonly log: Logger;
}

/** Hears what is published while it is there. What is lost, the janitor finds. */
export class Subscribed {
  readonly #options: SubscribedOptions;
  readonly #subscription: Subscription;
  readonly #running = new Set<Promise<void>>();
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #dropping = false;
  #stopping = false;

  /** Resolves when the server knows of it. Throws what it refuses. */
  static async start(options: SubscribedOptions): Promise<Subscribed> {
    let refused: Error | undefined;
    const subscribed = new Subscribed(options, (error) => {
      refused = error;
    });
    await withDeadline(FLUSH_DEADLINE, options.nats.flush());
    if (refused) throw refused;
    return subscribed;
  }

  private constructor(options: SubscribedOptions, onRefused: (error: Error) => void) {
    const { nats, target, lost } = options;
    this.#options = options;
    this.#subscription = nats.subscribe(target.subject, {
      queue: target.group,
      callback: (error, message) => {
        if (!error) return this.#take(message.data);
        onRefused(error);
        lost(error);
      },
    });
  }

  async probe(): Promise<void> {
    await this.#options.nats.flush();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#subscription.unsubscribe();
    this.#waiting = [];
    await Promise.all(this.#running);
    await this.end();
  }

  async end(): Promise<void> {
    this.#waiting = [];
    await this.#options.nats.close();
  }

  #take(body: Uint8Array): void {
    if (this.#running.size < AT_ONCE) this.#begin(body);
    else if (this.#bytes + body.length > WAITING_LIMIT) {
      if (!this.#dropping) this.#options.log.warn('messages of the object store come too fast and are dropped');
      this.#dropping = true;
    } else {
      this.#bytes += body.length;
      this.#waiting.push(body);
    }
  }

  #begin(body: Uint8Array): void {
    const { handler, log } = this.#options;
    const handling = handler(body)
      .catch((error) => {
        if (!this.#stopping) log.warn({ err: error }, 'a message of the object store was given up');
      })
      .finally(() => {
        this.#running.delete(handling);
        const next = this.#waiting.shift();
        if (!next) return;
        this.#bytes -= next.length;
        this.#dropping = false;
        this.#begin(next);
      });
    this.#running.add(handling);
  }
}
