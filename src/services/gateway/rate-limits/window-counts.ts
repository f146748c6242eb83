import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** How many requests one party may make in a window of time. */
export interface Policy {
  readonly name: string;
  readonly requests: number;
  /** Milliseconds. */
  readonly window: number;
}

/** Where a party stands after a request. */
export interface Standing {
  readonly allowed: boolean;
  readonly remaining: number;
  /** Milliseconds until the window is over. */
  readonly resetsIn: number;
}

/** What was let in here and not told yet. */
export interface Untold {
  /** Opaque: nobody else has to know who it was. */
  readonly key: string;
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly endsAt: number;
}

interface Count {
  readonly policy: string;
  readonly who: string;
  readonly endsAt: number;
  /** By all instances, this one included, as it was last told. */
  shared: number;
  /** On the way. */
  telling: number;
  untold: number;
}

/** Parties that are remembered. Who was not here for longest is forgotten first, and then begins anew. */
const REMEMBERED = 50_000;

/**
 * Counts requests in fixed windows of time, together with other instances: each decides at once, by what it was told of
 * all and what it has let in since, and tells the others in between. So more than the limit is let in only by as much as
 * came to the other instances since this one last heard of them. A request that is refused is not counted.
 */
export class WindowCounts {
  readonly #now: () => number;
  readonly #counts: LRUCache<string, Count>;
  readonly #untold = new Set<Count>();

  constructor({ now = Date.now, remembered = REMEMBERED }: { now?: () => number; remembered?: number } = {}) {
    this.#now = now;
    this.#counts = new LRUCache({ max: remembered, dispose: (count) => this.#untold.delete(count) });
  }

  /** Lets a request in, and counts it, or refuses it. */
  take({ name, requests, window }: Policy, who: string): Standing {
    const now = this.#now();
    const endsAt = (Math.floor(now / window) + 1) * window;
    const key = `${name} ${who}`;
    let count = this.#counts.get(key);
    if (count?.endsAt !== endsAt) {
      count = { policy: name, who, endsAt, shared: 0, telling: 0, untold: 0 };
      this.#counts.set(key, count);
    }
    const used = count.shared + count.telling + count.untold;
    const allowed = used < requests;
    if (allowed) {
      count.untold += 1;
      this.#untold.add(count);
    }
    return { allowed, remaining: Math.max(0, requests - used - (allowed ? 1 : 0)), resetsIn: endsAt - now };
  }

  /**
   * Tells the others, of at most so many parties; `tell` answers what all have let in, in the same order. What it throws
   * comes out here, and what was to be told waits for the next time. Answers whether more is to be told.
   */
  async exchange(most: number, tell: (untold: readonly Untold[]) => Promise<readonly number[]>): Promise<boolean> {
    const now = this.#now();
    const told: Count[] = [];
    for (const count of this.#untold) {
      if (told.length === most) break;
      this.#untold.delete(count);
      // What is over is of no use to anybody.
      if (count.endsAt > now) told.push(count);
    }
    if (told.length === 0) return false;
    for (const count of told) {
      count.telling = count.untold;
      count.untold = 0;
    }
    try {
      const totals = await tell(told.map(toUntold));
      told.forEach((count, index) => {
        count.shared = Math.max(count.shared + count.telling, totals[index] ?? 0);
        count.telling = 0;
      });
    } catch (error) {
      for (const count of told) {
        count.untold += count.telling;
        count.telling = 0;
        if (this.#counts.peek(`${count.policy} ${count.who}`) === count) this.#untold.add(count);
      }
      throw error;
    }
    return this.#untold.size > 0;
  }

  /** Parties that are remembered now. */
  get size(): number {
    return this.#counts.size;
  }
}

const toUntold = ({ policy, who, endsAt, telling }: Count): Untold => ({
  key: `${hash('sha256', `${policy} ${who}`, 'base64url').slice(0, 22)}.${endsAt.toString(36)}`,
  count: telling,
  endsAt,
});
