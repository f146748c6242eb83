import { withDeadline } from '../../../base/deadline.ts';
import { Kept } from '../kept.ts';
import type { Outage } from '../outage.ts';
import { type Link, link } from './link.ts';
import type { RabbitTarget } from './target.ts';

/** Milliseconds. */
const ATTACH_DEADLINE = 10_000;
const RECONNECT = { base: 100, max: 3_000 };

/** What has channels on a connection, and makes them again on each new one. */
export interface Part {
  attach(link: Link): Promise<void>;
}

interface ConnectionOptions {
  readonly target: RabbitTarget;
  readonly outage: Outage;
}

/** A connection, made anew when it is lost, with the parts that stand on it. */
export class Connection {
  readonly #kept: Kept<Link>;
  readonly #parts = new Set<Part>();

  constructor({ target, outage }: ConnectionOptions) {
    this.#kept = new Kept({
      make: (lost) => this.#make(target, lost),
      end: (gone) => gone.end(),
      outage,
      pauses: RECONNECT,
    });
  }

  /** Connects for the first time, with these parts. Throws what went wrong, and then tries no more. */
  async open(...parts: readonly Part[]): Promise<void> {
    for (const part of parts) this.#parts.add(part);
    await this.#kept.open();
  }

  get away(): boolean {
    return this.#kept.presence.current === undefined;
  }

  /** Waits a little for a connection that was lost just now. Throws `unavailable`. */
  async ready(): Promise<void> {
    await this.#kept.presence.soon();
  }

  /** Attaches a part, now and to each connection to come. Throws `unavailable`, and what the server refuses as it is. */
  async add(part: Part): Promise<void> {
    const current = await this.#kept.presence.soon();
    this.#parts.add(part);
    let isOver = false;
    const attaching = part.attach(current).finally(() => {
      isOver = true;
    });
    try {
      await withDeadline(ATTACH_DEADLINE, attaching);
    } catch (error) {
      this.#parts.delete(part);
      // What comes about yet would be there for nobody.
      if (!isOver) this.renew(error as Error, current);
      throw error;
    }
  }

  remove(part: Part): void {
    this.#parts.delete(part);
  }

  /**
   * For a part that the server has closed the channel of, or deleted the queue: what attaches everything anew also
   * makes what is missing. Where no connection is named it is that of just now.
   */
  renew(reason: Error, of: Link | undefined = this.#kept.presence.current): void {
    if (of) this.#kept.lose(of, reason);
  }

  close(): Promise<void> {
    return this.#kept.close();
  }

  async #make(target: RabbitTarget, lost: (error: Error) => void): Promise<Link> {
    const made = await link(target);
    let gone: Error | undefined;
    // What was wrong comes first, then that it is over.
    made.model.on('error', (error) => {
      gone = error;
    });
    made.model.on('close', (error) => {
      gone ??= error ?? new Error('The server closed the connection.');
      lost(gone);
    });
    try {
      for (const part of this.#parts) await withDeadline(ATTACH_DEADLINE, part.attach(made));
      return made;
    } catch (error) {
      const reason = gone ?? error;
      await made.end();
      throw reason;
    }
  }
}
