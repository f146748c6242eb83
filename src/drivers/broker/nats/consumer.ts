import { setTimeout as pause } from 'node:timers/promises';
import type { ConsumerMessages, Consumer as JetStreamConsumer, JsMsg } from '@nats-io/jetstream';
import { backoff } from '../../../base/backoff.ts';
import type { Running } from '../../../base/lifecycle.ts';
import type { Logger } from '../../../base/logger.ts';
import { parseMessage } from '../message.ts';
import { type ConsumeOptions, MAX_ATTEMPTS, type MessageHandler, RETRY } from '../port.ts';
import type { Connection } from './connection.ts';
import { HOLD } from './topology.ts';

/** Milliseconds that one request for a message stands. */
const ASK_FOR = 5_000;
const RENEW_EVERY = HOLD / 3;
/** Pause before a consumer that could not be asked is asked again: milliseconds. */
const AGAIN = { base: 50, max: 2_000 };

interface ConsumerOptions extends ConsumeOptions {
  readonly connection: Connection;
  readonly topic: string;
  readonly handler: MessageHandler;
  readonly log: Logger;
}

/**
 * As many lanes as handlers may run: each asks for one message, has it handled, settles it, and asks for the next. So
 * nothing is held here that nobody works on.
 */
export class Consumer implements Running {
  readonly #options: ConsumerOptions;
  readonly #running = new Set<JsMsg>();
  readonly #asking = new Set<ConsumerMessages>();
  readonly #stopping = new AbortController();
  readonly #renewing: NodeJS.Timeout;
  readonly #lanes: readonly Promise<void>[];
  readonly #forgetBack: () => void;
  #consumer: Promise<JetStreamConsumer>;
  #stopped: Promise<void> | undefined;

  static async start(options: ConsumerOptions): Promise<Consumer> {
    return new Consumer(options, await options.connection.topology.consumer(options.topic, options.group));
  }

  private constructor(options: ConsumerOptions, consumer: JetStreamConsumer) {
    this.#options = options;
    this.#consumer = Promise.resolve(consumer);
    this.#renewing = setInterval(() => {
      for (const message of this.#running) message.working();
    }, RENEW_EVERY);
    this.#forgetBack = options.connection.whenBack(() => {
      // The server has forgotten what it was asked, and perhaps all else.
      this.#find();
      for (const asked of this.#asking) void asked.close();
    });
    this.#lanes = Array.from({ length: options.concurrency }, () => this.#lane());
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    this.#forgetBack();
    for (const asked of this.#asking) void asked.close();
    await Promise.all(this.#lanes);
    clearInterval(this.#renewing);
    const { connection } = this.#options;
    if (!connection.away) await connection.flush().catch(() => undefined);
  }

  #find(): void {
    const { connection, topic, group } = this.#options;
    this.#consumer = connection.topology.consumer(topic, group);
    this.#consumer.catch(() => undefined);
  }

  async #lane(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const message = await this.#ask();
        failures = 0;
        if (message) await this.#handle(message);
      } catch (error) {
        failures += 1;
        const { connection, log } = this.#options;
        if (!connection.away && failures === 10) log.error({ err: error }, 'messages could not be asked for');
        await pause(backoff(failures, AGAIN), undefined, { signal }).catch(() => undefined);
        if (!connection.away && !signal.aborted) this.#find();
      }
    }
  }

  async #ask(): Promise<JsMsg | undefined> {
    const consumer = await this.#consumer;
    const asked = await consumer.fetch({ max_messages: 1, expires: ASK_FOR });
    this.#asking.add(asked);
    try {
      if (this.#stopping.signal.aborted) void asked.close();
      for await (const message of asked) {
        if (!this.#stopping.signal.aborted) return message;
        message.nak();
      }
      return undefined;
    } finally {
      this.#asking.delete(asked);
    }
  }

  async #handle(message: JsMsg): Promise<void> {
    const { handler, log } = this.#options;
    const { signal } = this.#stopping;
    const attempt = message.info.deliveryCount;
    const body = parseMessage(message.data);
    if (!body || attempt > MAX_ATTEMPTS) {
      log.error({ attempt }, body ? 'a message was given up' : 'a message is not one of ours and was given up');
      message.term();
      return;
    }
    this.#running.add(message);
    try {
      await handler(body, signal);
      message.ack();
    } catch (error) {
      if (signal.aborted) message.nak();
      else if (attempt >= MAX_ATTEMPTS) {
        log.error({ err: error, attempt }, 'a message was given up');
        message.term();
      } else {
        log.warn({ err: error, attempt }, 'a message could not be handled and will come again');
        message.nak(backoff(attempt, RETRY));
      }
    } finally {
      this.#running.delete(message);
    }
  }
}
