interface Waiting {
  /** Milliseconds of Unix time. */
  readonly until: number;
  readonly giveUp: () => void;
}

/** How exactly it is looked, in milliseconds. */
const EVERY = 1_000;

/**
 * Ends what takes longer than it may, all alike, give or take a second: a timer for each call, on both sides, would cost
 * a tenth of the call.
 */
export class Overdue {
  readonly #timeout: number;
  /** The oldest first. */
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;

  /** `timeout` in milliseconds. */
  constructor(timeout: number) {
    this.#timeout = timeout;
  }

  add(giveUp: () => void): Waiting {
    const waiting = { until: Date.now() + this.#timeout, giveUp };
    this.#waiting.add(waiting);
    this.#timer ??= setInterval(() => this.#look(), Math.min(EVERY, this.#timeout)).unref();
    return waiting;
  }

  delete(waiting: Waiting): void {
    this.#waiting.delete(waiting);
  }

  #look(): void {
    if (this.#waiting.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    const now = Date.now();
    for (const waiting of this.#waiting) {
      if (waiting.until > now) break;
      this.#waiting.delete(waiting);
      waiting.giveUp();
    }
  }
}
