import { closed, unavailable } from './errors.ts';

/** Milliseconds that a call waits for a connection, from when it was lost. */
const PATIENCE = 2_000;
/** Calls that may wait for a connection; the next are refused at once. */
const MAX_WAITING = 1_000;

/** A connection that comes and goes, and those who wait for it. Once closed it stays away. */
export class Presence<Connection extends object> {
  readonly #waiting = new Set<() => void>();
  #current: Connection | undefined;
  #lostAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  /** Undefined while it is away. */
  get current(): Connection | undefined {
    return this.#current;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Milliseconds since it was lost; 0 where it is there. */
  get lostFor(): number {
    return this.#current ? 0 : performance.now() - this.#lostAt;
  }

  came(connection: Connection): void {
    this.#current = connection;
    this.#wake();
  }

  went(): void {
    if (!this.#current) return;
    this.#current = undefined;
    this.#lostAt = performance.now();
  }

  close(): void {
    this.#current = undefined;
    this.#closed = true;
    this.#wake();
  }

  /** The connection, for which it waits a little where it was lost just now. Throws `unavailable`. */
  async soon(): Promise<Connection> {
    if (!this.#current && !this.#closed) {
      const patience = PATIENCE - this.lostFor;
      if (patience <= 0) throw absent();
      if (this.#waiting.size >= MAX_WAITING) throw unavailable(new Error('Too many wait for a connection.'));
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(), patience);
      await this.#change(late.signal);
      clearTimeout(timer);
    }
    if (this.#closed) throw closed();
    if (!this.#current) throw absent();
    return this.#current;
  }

  /** Resolves when it is there, at once where it is, and when it will not be: closed or aborted. */
  async until(signal: AbortSignal): Promise<void> {
    while (!this.#current && !this.#closed && !signal.aborted) await this.#change(signal);
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done);
        this.#waiting.delete(done);
        resolve();
      };
      signal.addEventListener('abort', done);
      this.#waiting.add(done);
    });
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}

const absent = () => unavailable(new Error('There is no connection.'));
