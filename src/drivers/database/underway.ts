import { closedError } from './errors.ts';

/** What callers have under way, so that closing can wait for it. */
export class Underway {
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  get closed(): boolean {
    return this.#closed;
  }

  /** Throws `unavailable` once it is closed. */
  async run<R>(action: () => Promise<R>): Promise<R> {
    if (this.#closed) throw closedError();
    const running = action();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Takes nothing more, and resolves when what was begun has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#running);
  }
}
