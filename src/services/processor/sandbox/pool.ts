import { join } from 'node:path';
import { HoldfastError } from '../../../base/errors.ts';
import type { Logger } from '../../../base/logger.ts';
import { prepareFonts } from './fonts.ts';
import { SandboxChild } from './sandbox-child.ts';
import { newFolder } from './scratch.ts';

export interface PoolOptions {
  /** Processes at most. */
  readonly size: number;
  /** Bytes of resident memory at which a process is ended. */
  readonly memory: number;
  /** A folder of the pool's own, by its real path. */
  readonly scratch: string;
  readonly log: Logger;
}

/** A process is replaced after so many files, … */
const MAX_ORDERS = 200;
/** … or when it has kept this part of the memory that it may have. */
const MAX_GROWTH = 1 / 4;
/** Milliseconds after which processes beyond the first are ended. */
const IDLE_TIME = 60_000;

interface Waiter {
  readonly resolve: (child: SandboxChild) => void;
  readonly reject: (error: unknown) => void;
}

/** Warm sandbox processes: one always, more while there is work, none used for longer than is good for it. */
export class SandboxPool {
  readonly #options: PoolOptions;
  readonly #live = new Set<SandboxChild>();
  /** Processes that are not warm yet. */
  #starting = 0;
  /** Starts and ends under way. */
  readonly #changes = new Set<Promise<void>>();
  #idle: SandboxChild[] = [];
  #waiting: Waiter[] = [];
  #fonts: Promise<string> | undefined;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Lends a process. What `use` throws passes through; the process comes back either way. */
  async withChild<T>(signal: AbortSignal, use: (child: SandboxChild) => Promise<T>): Promise<T> {
    const child = await this.#take(signal);
    try {
      return await use(child);
    } finally {
      await this.#giveBack(child);
    }
  }

  /** Resolves when a process is there, busy or not. Throws `unavailable` where none can be started. */
  async ready(signal: AbortSignal): Promise<void> {
    if ([...this.#live].some((child) => child.alive)) return;
    await this.withChild(signal, async () => {});
  }

  /** Ends all processes, also those that are at work. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(stopped());
    for (const child of [...this.#live]) this.#retire(child);
    while (this.#changes.size > 0) await Promise.all(this.#changes);
  }

  #take(signal: AbortSignal): Promise<SandboxChild> {
    if (this.#closed) return Promise.reject(stopped());
    if (signal.aborted) return Promise.reject(signal.reason);
    for (let child = this.#idle.pop(); child; child = this.#idle.pop()) {
      if (child.alive) return Promise.resolve(child);
      this.#retire(child);
    }
    const taken = new Promise<SandboxChild>((resolve, reject) => {
      const abort = () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        resolve: (child) => {
          signal.removeEventListener('abort', abort);
          resolve(child);
        },
        reject: (error) => {
          signal.removeEventListener('abort', abort);
          reject(error);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.push(waiter);
    });
    this.#grow();
    return taken;
  }

  async #giveBack(child: SandboxChild): Promise<void> {
    const worn =
      child.orders >= MAX_ORDERS || child.rss - child.rssAtStart > this.#options.memory * MAX_GROWTH || this.#closed;
    const clean =
      child.alive &&
      !worn &&
      (await child.forget().then(
        () => true,
        () => false,
      ));
    if (clean) {
      this.#offer(child);
    } else {
      this.#retire(child);
      this.#grow();
    }
  }

  #offer(child: SandboxChild): void {
    const waiter = this.#waiting.shift();
    if (this.#closed) this.#retire(child);
    else if (waiter) waiter.resolve(child);
    else this.#rest(child);
  }

  /** Keeps a process for the next who asks; for a while only, where it is not the only one. */
  #rest(child: SandboxChild): void {
    this.#idle.push(child);
    const { orders } = child;
    setTimeout(() => {
      if (child.orders !== orders || this.#idle.length <= 1 || !this.#idle.includes(child)) return;
      this.#idle = this.#idle.filter((other) => other !== child);
      this.#retire(child);
    }, IDLE_TIME).unref();
  }

  #retire(child: SandboxChild): void {
    this.#live.delete(child);
    const ending = child
      .end()
      .catch((error: unknown) => this.#options.log.warn({ err: error }, 'a sandbox process did not end well'));
    this.#track(ending);
  }

  /** Starts processes for those who wait, and one where there is none. */
  #grow(): void {
    if (this.#closed) return;
    const count = () => this.#live.size + this.#starting;
    while (count() === 0 || (this.#waiting.length > this.#starting && count() < this.#options.size)) {
      this.#starting += 1;
      this.#track(this.#start());
    }
  }

  #track(change: Promise<void>): void {
    this.#changes.add(change);
    void change.then(() => this.#changes.delete(change));
  }

  #preparedFonts(): Promise<string> {
    this.#fonts ??= prepareFonts(join(this.#options.scratch, 'fonts')).catch((error: unknown) => {
      this.#fonts = undefined;
      throw error;
    });
    return this.#fonts;
  }

  async #start(): Promise<void> {
    try {
      const fonts = await this.#preparedFonts();
      const child = await SandboxChild.start({
        folder: await newFolder(this.#options.scratch),
        memory: this.#options.memory,
        environment: { FONTCONFIG_FILE: fonts, MALLOC_ARENA_MAX: '2' },
      });
      this.#starting -= 1;
      this.#live.add(child);
      this.#offer(child);
    } catch (error) {
      this.#starting -= 1;
      this.#options.log.error({ err: error }, 'a sandbox process could not be started');
      // The next who asks makes the next try; those who wait for this one must not wait for ever.
      if (this.#live.size > 0) return;
      for (const { reject } of this.#waiting.splice(0)) {
        reject(
          new HoldfastError('unavailable', 'Files cannot be processed just now. Try again later.', { cause: error }),
        );
      }
    }
  }
}

const stopped = () => new HoldfastError('cancelled', 'Processing is being stopped.');
