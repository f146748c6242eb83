import { setTimeout as pause } from 'node:timers/promises';
import { backoff } from '../../base/backoff.ts';
import { HoldfastError } from '../../base/errors.ts';

const TRIES = 6;
const WAIT = { base: 500, max: 10_000 };

/** Does something that may be done again, and does it again where an engine was not there for a while. */
export async function patiently<T>(signal: AbortSignal, act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      const passing = error instanceof HoldfastError && error.code === 'unavailable';
      if (!passing || attempt === TRIES || signal.aborted) throw error;
      await pause(backoff(attempt, WAIT), undefined, { signal });
    }
  }
}
