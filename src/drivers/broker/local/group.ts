import { backoff } from '../../../base/backoff.ts';
import type { Running } from '../../../base/lifecycle.ts';
import type { Logger } from '../../../base/logger.ts';
import { BACKLOG, type BrokerMessage, MAX_ATTEMPTS, type MessageHandler, RETRY } from '../port.ts';

interface Delivery {
  readonly message: BrokerMessage;
  /** From 1. */
  readonly attempt: number;
}

interface Consumer {
  readonly concurrency: number;
  readonly handler: MessageHandler;
  readonly stopping: AbortController;
  readonly running: Set<Promise<void>>;
}

/** Those who share the messages of one topic under one name. */
export class Group {
  readonly #log: Logger;
  readonly #waiting: Delivery[] = [];
  readonly #retries = new Set<NodeJS.Timeout>();
  /** Who had a message last stands last. */
  readonly #consumers = new Set<Consumer>();
  #dropping = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  add(message: BrokerMessage): void {
    this.#keep({ message, attempt: 1 });
    queueMicrotask(() => this.#handOut());
  }

  join(concurrency: number, handler: MessageHandler): Running {
    const consumer: Consumer = { concurrency, handler, stopping: new AbortController(), running: new Set() };
    this.#consumers.add(consumer);
    queueMicrotask(() => this.#handOut());
    return {
      stop: async () => {
        this.#consumers.delete(consumer);
        consumer.stopping.abort();
        await Promise.all(consumer.running);
      },
    };
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting.length = 0;
    for (const retry of this.#retries) clearTimeout(retry);
    this.#retries.clear();
  }

  #keep(delivery: Delivery): void {
    this.#waiting.push(delivery);
    const kept = this.#waiting.length + this.#retries.size;
    if (kept > BACKLOG) {
      if (!this.#dropping) this.#log.warn('messages come faster than they are handled: the oldest are dropped');
      this.#dropping = true;
      this.#dropOldest();
    } else if (kept < BACKLOG / 2) {
      this.#dropping = false;
    }
  }

  /** Those that were tried already are older than those that were not. */
  #dropOldest(): void {
    const [retry] = this.#retries;
    if (!retry) {
      this.#waiting.shift();
      return;
    }
    clearTimeout(retry);
    this.#retries.delete(retry);
  }

  #handOut(): void {
    while (this.#waiting.length > 0) {
      const consumer = this.#freest();
      const delivery = consumer && this.#waiting.shift();
      if (!delivery) return;
      // It goes to the end of the row.
      this.#consumers.delete(consumer);
      this.#consumers.add(consumer);
      const handling = this.#handle(consumer, delivery).finally(() => {
        consumer.running.delete(handling);
        this.#handOut();
      });
      consumer.running.add(handling);
    }
  }

  #freest(): Consumer | undefined {
    let freest: Consumer | undefined;
    for (const consumer of this.#consumers) {
      if (consumer.running.size >= consumer.concurrency) continue;
      if (!freest || consumer.running.size < freest.running.size) freest = consumer;
    }
    return freest;
  }

  async #handle({ handler, stopping: { signal } }: Consumer, delivery: Delivery): Promise<void> {
    try {
      await handler({ ...delivery.message }, signal);
    } catch (error) {
      // Handed back by one who stops: others may have it at once.
      if (signal.aborted) this.#waiting.unshift(delivery);
      else this.#retry(delivery, error);
    }
  }

  #retry({ message, attempt }: Delivery, error: unknown): void {
    if (attempt >= MAX_ATTEMPTS) {
      this.#log.error({ err: error, attempt }, 'a message was given up');
      return;
    }
    this.#log.warn({ err: error, attempt }, 'a message could not be handled and will come again');
    const retry = setTimeout(
      () => {
        this.#retries.delete(retry);
        this.#keep({ message, attempt: attempt + 1 });
        this.#handOut();
      },
      backoff(attempt, RETRY),
    );
    retry.unref();
    this.#retries.add(retry);
  }
}
