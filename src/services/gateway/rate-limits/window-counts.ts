import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** How many requests one party may make in any time of this length, but for a few. */
export interface Policy {
  readonly name: string;
  readonly requests: number;
  /** Milliseconds. */
  readonly window: number;
}

/** Where a party stands after a request. */
export interface Standing {
  readonly allowed: boolean;
  /** How many more would be let in now. */
  readonly remaining: number;
  /** Milliseconds: for so long those remain at least; of one that was refused, until the next is let in. */
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
  /** By all instances in the window before this one, as far as this one knows. */
  readonly before: number;
  /** By all instances, this one included, as it was last told. */
  shared: number;
  /** On the way. */
  telling: number;
  untold: number;
}

/** Parties that are remembered. Who was not here for longest is forgotten first, and then begins anew. */
const REMEMBERED = 50_000;

/**
 * Counts requests in windows of time, together with other instances: each decides at once, by what it was told of all and
 * what it has let in since, and tells the others in between. So more than the limit is let in only by as much as came to
 * the other instances since this one last heard of them. A request that is refused is not counted.
 *
 * Windows begin at whole multiples of their length. The one before counts by as much of it as lies within one length of
 * now, as if its requests had come evenly: otherwise twice as many would be let in around the end of a window.
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
    const left = endsAt - now;
    const key = `${name} ${who}`;
    let count = this.#counts.get(key);
    if (count?.endsAt !== endsAt) {
      const before = count?.endsAt === endsAt - window ? usedOf(count) : 0;
      count = { policy: name, who, endsAt, before, shared: 0, telling: 0, untold: 0 };
      this.#counts.set(key, count);
    }
    const open = requests - usedOf(count) - (count.before * left) / window;
    if (open <= 0) return { allowed: false, remaining: 0, resetsIn: waitOf(count, { requests, window, left }) };
    count.untold += 1;
    this.#untold.add(count);
    return { allowed: true, remaining: Math.ceil(open) - 1, resetsIn: left };
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

const usedOf = ({ shared, telling, untold }: Count): number => shared + telling + untold;

/** Milliseconds until enough of the window before has gone by; or, where this one is full, of this one. */
function waitOf(count: Count, { requests, window, left }: { requests: number; window: number; left: number }): number {
  const used = usedOf(count);
  if (used < requests) return left - lastBelow((window * (requests - used)) / count.before);
  return left + window - lastBelow((window * requests) / used);
}

/** Of a window, the most that may be left: a whole number of milliseconds. */
const lastBelow = (limit: number): number => Math.ceil(limit) - 1;

const toUntold = ({ policy, who, endsAt, telling }: Count): Untold => ({
  key: `${hash('sha256', `${policy} ${who}`, 'base64url').slice(0, 22)}.${endsAt.toString(36)}`,
  count: telling,
  endsAt,
});
