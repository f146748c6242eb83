/** Calls that succeed pay for one try again; so many tries can be saved up, and are there to begin with. */
const CALLS_FOR_A_TRY = 10;
const MOST_TRIES = 10;

/** Keeps a service in trouble from being asked much more often than usual. */
export class RetryBudget {
  /** In calls. */
  #left = MOST_TRIES * CALLS_FOR_A_TRY;

  /** A call succeeded. */
  earn(): void {
    if (this.#left < MOST_TRIES * CALLS_FOR_A_TRY) this.#left += 1;
  }

  /** Whether a call may be tried again. */
  spend(): boolean {
    if (this.#left < CALLS_FOR_A_TRY) return false;
    this.#left -= CALLS_FOR_A_TRY;
    return true;
  }
}
