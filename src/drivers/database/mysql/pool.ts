import { setTimeout as wait } from 'node:timers/promises';
import { closedError, overloadedError } from '../errors.ts';
import type { Reachability } from '../reachability.ts';
import type { Session } from './session.ts';

export interface PoolSettings {
  readonly connect: () => Promise<Session>;
  /** Connections at most. */
  readonly size: number;
  /** How long whoever asks waits for a connection, in milliseconds. */
  readonly patience: number;
  readonly reachability: Reachability;
}

interface Waiter {
  readonly resolve: (session: Session) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

const MAX_WAITING = 10_000;
/** A connection that nobody has used for so long is closed, unless it is the last. Milliseconds. */
const MAX_IDLE = 300_000;
const CHECK_IDLE = 30_000;

/** Connections to one server, used by one at a time, made when they are needed and replaced when they are lost. */
export class Pool {
  readonly #settings: PoolSettings;
  readonly #idle: Session[] = [];
  readonly #waiting: Waiter[] = [];
  /** Connections that there are, and those that are being made. */
  #count = 0;
  #closed = false;
  readonly #sweeper: NodeJS.Timeout;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    this.#sweeper = setInterval(() => this.#closeIdle(), CHECK_IDLE);
    this.#sweeper.unref();
  }

  /** A connection of one's own, to be given back. Throws what connecting throws, or `unavailable` when none gets free. */
  async acquire(): Promise<Session> {
    if (this.#closed) throw closedError();
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#count < this.#settings.size) return this.#make();
    if (this.#waiting.length >= MAX_WAITING) throw overloadedError();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(overloadedError());
      }, this.#settings.patience);
      const waiter = { resolve, reject, timer };
      this.#waiting.push(waiter);
    });
  }

  /** For one that is in no transaction; one that has ended may be given back too. */
  release(session: Session): void {
    if (session.ended) return;
    const waiter = this.#nextWaiter();
    if (waiter) {
      waiter.resolve(session);
    } else if (this.#closed) {
      session.close();
    } else {
      session.idleSince = performance.now();
      this.#idle.push(session);
    }
  }

  /** Runs `action` on a connection of its own. It leaves no transaction open. */
  async using<R>(action: (session: Session) => Promise<R>): Promise<R> {
    const session = await this.acquire();
    try {
      return await action(session);
    } finally {
      this.release(session);
    }
  }

  /** Refuses new ones. To be called when all that was acquired is given back. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sweeper);
    for (let waiter = this.#nextWaiter(); waiter; waiter = this.#nextWaiter()) waiter.reject(closedError());
    for (const session of this.#idle.splice(0)) session.close();
    // The goodbyes are on their way when the caller goes on.
    await wait(0);
  }

  async #make(): Promise<Session> {
    this.#count += 1;
    try {
      const session = await this.#settings.connect();
      this.#watch(session);
      this.#settings.reachability.reached();
      return session;
    } catch (error) {
      this.#count -= 1;
      this.#settings.reachability.lost(error);
      // Its place is free for whoever waits, who then hears the same if it is still so.
      this.#makeForWaiting();
      throw error;
    }
  }

  #watch(session: Session): void {
    session.onEnd(() => {
      const place = this.#idle.indexOf(session);
      if (place >= 0) this.#idle.splice(place, 1);
      this.#count -= 1;
      this.#makeForWaiting();
    });
  }

  #makeForWaiting(): void {
    if (this.#count >= this.#settings.size) return;
    const waiter = this.#nextWaiter();
    if (waiter) this.#make().then(waiter.resolve, waiter.reject);
  }

  #nextWaiter(): Waiter | undefined {
    const waiter = this.#waiting.shift();
    if (waiter) clearTimeout(waiter.timer);
    return waiter;
  }

  #closeIdle(): void {
    const oldest = performance.now() - MAX_IDLE;
    while (this.#idle.length > 1 && (this.#idle[0] as Session).idleSince < oldest) {
      const session = this.#idle.shift() as Session;
      this.#count -= 1;
      session.close();
    }
  }
}
