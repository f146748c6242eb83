import { type Loop, startLoop } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';

/** Milliseconds. */
const EVERY = 1_000;
/** A replica that is further behind is not read from. */
const MOST_LAG = 5_000;

interface LagOptions<Position> {
  /** How far the primary has come; undefined where it does not say. */
  readonly position: () => Promise<Position | undefined>;
  /** Asks the replica how far it has come, and answers whether that is as far as a position of the primary. */
  readonly look: () => Promise<(position: Position) => boolean | Promise<boolean>>;
  readonly log: Logger;
}

/** Watches how far a replica is behind its primary, which is told by what the primary had done and when. */
export class Lag<Position> {
  readonly #options: LagOptions<Position>;
  readonly #loop: Loop;
  /** The primary had come so far at that time. */
  #marks: { readonly at: number; readonly position: Position }[] = [];
  /** What was committed up to then, the replica has. */
  #freshAt = Number.NEGATIVE_INFINITY;
  #used = false;

  constructor(options: LagOptions<Position>) {
    this.#options = options;
    this.#loop = startLoop({ every: EVERY, round: () => this.#look(), onError: () => this.#judge() });
  }

  /** Whether the replica may be read from. */
  get keepsUp(): boolean {
    return this.#used && this.#isFresh();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  async #look(): Promise<void> {
    const position = await this.#options.position();
    if (position !== undefined) this.#marks.push({ at: performance.now(), position });
    const hasReached = await this.#options.look();
    for (const mark of this.#marks.toReversed()) {
      if (!(await hasReached(mark.position))) continue;
      this.#freshAt = mark.at;
      break;
    }
    this.#marks = this.#marks.filter(({ at }) => at > this.#freshAt && at > performance.now() - 2 * MOST_LAG);
    this.#judge();
  }

  #isFresh(): boolean {
    return performance.now() - this.#freshAt <= MOST_LAG;
  }

  #judge(): void {
    const used = this.#isFresh();
    if (used === this.#used) return;
    this.#used = used;
    const { log } = this.#options;
    if (used) log.info('The replica keeps up: lists are read from it');
    else log.warn('The replica is away or lags: lists are read from the primary');
  }
}
