/**
 * Tries again are paid for by calls that succeed, one for each ten, so that a service in trouble is not asked much more
 * often than usual. A few are free, or one call could never be tried again.
 */
export class RetryBudget {
  readonly #most: number;
  readonly #earned: number;
  #left: number;

  constructor({ most = 10, earned = 0.1 }: { readonly most?: number; readonly earned?: number } = {}) {
    this.#most = most;
    this.#earned = earned;
    this.#left = most;
  }

  /** A call succeeded. */
  earn(): void {
    this.#left = Math.min(this.#most, this.#left + this.#earned);
  }

  /** Whether a call may be tried again. */
  spend(): boolean {
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
