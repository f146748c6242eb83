import { backoff } from '../../base/backoff.ts';
import { closed } from './errors.ts';
import type { Outage } from './outage.ts';
import { Presence } from './presence.ts';

/** A connection that lived shorter, in milliseconds, was none: the pause before the next goes on growing. */
const SETTLED_AFTER = 5_000;

interface KeptOptions<Connection> {
  /** Makes one that is ready for use, and says when it is gone. Throws where it cannot be had. */
  readonly make: (lost: (error: Error) => void) => Promise<Connection>;
  /** Ends one, also one that is gone already; never throws. */
  readonly end: (connection: Connection) => Promise<void> | void;
  readonly outage: Outage;
  /** Milliseconds between two tries to get it back, for `backoff`. */
  readonly pauses: { readonly base: number; readonly max: number };
}

/** A connection that is made anew, for as long as it takes, when it is lost. */
export class Kept<Connection extends object> {
  readonly presence = new Presence<Connection>();
  readonly #options: KeptOptions<Connection>;
  #since = 0;
  #attempt = 0;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: KeptOptions<Connection>) {
    this.#options = options;
  }

  /** Connects for the first time. Throws what went wrong, and then tries no more. */
  async open(): Promise<Connection> {
    try {
      return await this.#make();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** For who sees that it does not do any more. */
  lose(connection: Connection, error: Error): void {
    if (connection !== this.presence.current) return;
    this.presence.went();
    this.#options.outage.lost(this, error);
    if (performance.now() - this.#since > SETTLED_AFTER) this.#attempt = 0;
    void this.#options.end(connection);
    this.#makeLater();
  }

  async close(): Promise<void> {
    const { current, closed: before } = this.presence;
    if (before) return;
    this.presence.close();
    clearTimeout(this.#retry);
    this.#options.outage.left(this);
    if (current) await this.#options.end(current);
  }

  async #make(): Promise<Connection> {
    let made: Connection | undefined;
    let gone: Error | undefined;
    const connection = await this.#options.make((error) => {
      if (made) this.lose(made, error);
      else gone ??= error;
    });
    if (this.presence.closed) gone = closed();
    if (gone) {
      await this.#options.end(connection);
      throw gone;
    }
    made = connection;
    this.#since = performance.now();
    this.presence.came(connection);
    this.#options.outage.back(this);
    return connection;
  }

  #makeLater(): void {
    if (this.presence.closed) return;
    this.#attempt += 1;
    this.#retry = setTimeout(
      () => {
        this.#make().catch((error: Error) => {
          this.#options.outage.goesOn(error);
          this.#makeLater();
        });
      },
      backoff(this.#attempt, this.#options.pauses),
    );
  }
}
