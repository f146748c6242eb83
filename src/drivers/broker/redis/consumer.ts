import { setTimeout as pause } from 'node:timers/promises';
import { backoff } from '../../../base/backoff.ts';
import { type Loop, type Running, startLoop } from '../../../base/lifecycle.ts';
import type { Logger } from '../../../base/logger.ts';
import { parseMessage } from '../message.ts';
import { MAX_ATTEMPTS, type MessageHandler, RETRY } from '../port.ts';
import type { Connection } from './connection.ts';
import type { Entry } from './entry.ts';
import { isAway, isForgotten } from './errors.ts';
import { type Group, RENEW_EVERY } from './group.ts';
import type { Reader } from './reader.ts';

/** Milliseconds between two looks for what is due again, where nobody here knows of it. */
const BRING_DUE_EVERY = 1_000;
/** Milliseconds before the next try when there is a connection again, and when the server refuses something. */
const AFTER_LOSS = 50;
const AFTER_REFUSAL = 1_000;
/** Milliseconds that a stop waits for a server that is away. */
const STOP_DEADLINE = 2_000;

interface ConsumerOptions {
  readonly group: Group;
  readonly reader: Reader;
  /** On which everything but reads goes. */
  readonly connection: Connection;
  readonly concurrency: number;
  readonly handler: MessageHandler;
  readonly log: Logger;
}

/** Takes messages as it has room for them, and settles each once its handler has ended. */
export class Consumer implements Running {
  readonly #options: ConsumerOptions;
  readonly #running = new Map<Entry, Promise<void>>();
  readonly #stopping = new AbortController();
  /** Fires when a stop has waited long enough for a server that is away. */
  readonly #givingUp = new AbortController();
  readonly #taking: Promise<void>;
  readonly #renewing: NodeJS.Timeout;
  readonly #bringing: Loop;
  #due: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #takeOverAt = 0;
  #roomier = () => {};
  #stopped: Promise<void> | undefined;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    const { group } = options;
    this.#renewing = setInterval(() => {
      group.renew(this.#running.keys()).catch((error) => this.#complain(error, 'messages could not be kept'));
    }, RENEW_EVERY);
    this.#renewing.unref();
    this.#bringing = startLoop({
      every: BRING_DUE_EVERY,
      round: async () => this.#lookAgainIn(await group.bringDue()),
      onError: (error) => this.#complain(error, 'messages that are due again could not be brought back'),
    });
    this.#taking = this.#take();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { group, reader } = this.#options;
    this.#stopping.abort();
    this.#roomier();
    clearTimeout(this.#due);
    await Promise.all([reader.stop(this.#taking), this.#bringing.stop()]);
    // Handlers have all the time that they need; a server that is away has not.
    const waiting = setInterval(() => {
      if (this.#options.connection.lostFor > STOP_DEADLINE) this.#givingUp.abort();
    }, 100);
    await Promise.all(this.#running.values());
    clearInterval(waiting);
    clearInterval(this.#renewing);
    await group.leave().catch((error) => this.#complain(error, 'a consumer could not be taken off'));
  }

  async #take(): Promise<void> {
    const { group, reader, concurrency } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const room = concurrency - this.#running.size;
      if (room === 0) {
        await new Promise<void>((resolve) => {
          this.#roomier = resolve;
        });
        continue;
      }
      try {
        for (const entry of await this.#takeOver(room)) this.#begin(entry);
        if (this.#running.size < concurrency && !signal.aborted) {
          for (const entry of await reader.read(concurrency - this.#running.size)) this.#begin(entry);
        }
      } catch (error) {
        if (isForgotten(error)) {
          await group.join().catch((refused) => this.#complain(refused, 'a group could not be made'));
        } else if (isAway(error)) {
          await reader.ready(signal);
          await pause(AFTER_LOSS, undefined, { signal }).catch(() => {});
        } else {
          this.#complain(error, 'messages could not be read');
          await pause(AFTER_REFUSAL, undefined, { signal }).catch(() => {});
        }
      }
    }
  }

  /** Now and then: what dead consumers held. */
  async #takeOver(room: number): Promise<readonly Entry[]> {
    const now = performance.now();
    if (now < this.#takeOverAt) return [];
    this.#takeOverAt = now + RENEW_EVERY;
    // What runs here is never taken over by ourselves.
    await this.#options.group.renew(this.#running.keys());
    return this.#options.group.takeOver(room);
  }

  #begin(entry: Entry): void {
    const handling = this.#handle(entry).finally(() => {
      this.#running.delete(entry);
      this.#roomier();
    });
    this.#running.set(entry, handling);
  }

  async #handle(entry: Entry): Promise<void> {
    const { group, handler, log } = this.#options;
    const { signal } = this.#stopping;
    if (signal.aborted) return this.#settle(() => group.handBack(entry));
    const { attempt } = entry;
    const message = parseMessage(entry.body);
    if (!message) {
      log.error({ entry: entry.id }, 'a message is not one of ours and was given up');
      return this.#settle(() => group.done(entry));
    }
    if (attempt > MAX_ATTEMPTS) {
      log.error({ attempt: attempt - 1 }, 'a message was given up');
      return this.#settle(() => group.done(entry));
    }
    try {
      await handler(message, signal);
    } catch (error) {
      if (signal.aborted) return this.#settle(() => group.handBack(entry));
      if (attempt >= MAX_ATTEMPTS) {
        log.error({ err: error, attempt }, 'a message was given up');
        return this.#settle(() => group.done(entry));
      }
      log.warn({ err: error, attempt }, 'a message could not be handled and will come again');
      const wait = backoff(attempt, RETRY);
      await this.#settle(() => group.retry(entry, wait));
      return this.#lookAgainIn(wait);
    }
    await this.#settle(() => group.done(entry));
  }

  /**
   * Tells the server what became of a message, as soon as it can be told. Where it refuses, or a stop cannot wait, the
   * message is taken over by others when its hold runs out.
   */
  async #settle(tell: () => Promise<void>): Promise<void> {
    const { signal } = this.#givingUp;
    while (!signal.aborted) {
      try {
        return await tell();
      } catch (error) {
        if (!isAway(error)) return this.#complain(error, 'a message could not be settled and will come again');
        await this.#options.connection.ready(signal);
        await pause(AFTER_LOSS, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Milliseconds until something is due; the regular look comes anyway. */
  #lookAgainIn(wait: number | undefined): void {
    if (wait === undefined || wait >= BRING_DUE_EVERY || this.#stopping.signal.aborted) return;
    const at = performance.now() + wait;
    if (at >= this.#dueAt) return;
    this.#dueAt = at;
    clearTimeout(this.#due);
    this.#due = setTimeout(() => {
      this.#dueAt = Number.POSITIVE_INFINITY;
      this.#bringing.wake();
    }, wait + 1);
    this.#due.unref();
  }

  /** What was lost with a connection has been said already. */
  #complain(error: unknown, what: string): void {
    if (!isAway(error) && !isForgotten(error)) this.#options.log.error({ err: error }, what);
  }
}
