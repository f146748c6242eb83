import { setTimeout as sleep } from 'node:timers/promises';
import { backoff } from '../../base/backoff.ts';
import type { CompleteJobsResponse, JobOutcome } from '../../contract/holdfast/internal/v1/work.ts';
import { isLost } from './lease.ts';

export interface ReporterOptions {
  readonly complete: (outcomes: JobOutcome[]) => Promise<CompleteJobsResponse>;
  readonly onCompleted: (outcomes: readonly JobOutcome[], response: CompleteJobsResponse) => void;
  /** The lease is lost. `untold`: outcomes that are certain not to have been written down. */
  readonly onLost: (untold: readonly JobOutcome[], error: unknown) => void;
  /** Milliseconds between tries. */
  readonly retry?: { readonly base: number; readonly max: number };
}

const TRIES = 6;
/** Milliseconds. */
const RETRY = { base: 200, max: 5_000 };

/**
 * Reports the outcomes of jobs: the first at once, and those that come while a report is under way together in the
 * next one.
 */
export class OutcomeReporter {
  readonly #options: ReporterOptions;
  #waiting: JobOutcome[] = [];
  #reporting: Promise<void> | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  add(outcome: JobOutcome): void {
    this.#waiting.push(outcome);
    this.#reporting ??= this.#report();
    // Whoever flushes hears of it.
    this.#reporting.catch(() => {});
  }

  /** Resolves when all was reported or the lease was lost; throws where files cannot be reached. */
  async flush(): Promise<void> {
    await this.#reporting;
  }

  async #report(): Promise<void> {
    while (this.#waiting.length > 0) {
      const outcomes = this.#waiting.splice(0);
      await this.#send(outcomes);
    }
    this.#reporting = undefined;
  }

  async #send(outcomes: JobOutcome[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const response = await this.#options.complete(outcomes);
        this.#options.onCompleted(outcomes, response);
        return;
      } catch (error) {
        // After a first try that nobody heard the answer of, a lost lease may mean that it was written down.
        if (isLost(error)) return this.#options.onLost(attempt === 1 ? outcomes : [], error);
        if (attempt === TRIES) throw error;
        await sleep(backoff(attempt, this.#options.retry ?? RETRY));
      }
    }
  }
}
