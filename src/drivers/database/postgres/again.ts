import { setTimeout as wait } from 'node:timers/promises';
import { backoff } from '../../../base/backoff.ts';
import { isConflict, isLost, isStale } from './errors.ts';

/** How long a server may be away before a caller hears of it, and how long units may get in each other's way. Milliseconds. */
const AWAY = 5_000;
const IN_THE_WAY = 20_000;

/** Whether the same once more may succeed. */
export const isPassing = (error: unknown): boolean => isLost(error) || isConflict(error) || isStale(error);

/** Decides how often something is tried once more, and waits in between. */
export class Again {
  readonly #since = performance.now();
  #attempt = 0;

  /** Resolves when it is time to try again; throws `error` where that is not worth it. */
  async after(error: unknown): Promise<void> {
    const patience = isLost(error) ? AWAY : IN_THE_WAY;
    if (!isPassing(error) || performance.now() - this.#since > patience) throw error;
    this.#attempt += 1;
    await wait(backoff(this.#attempt, { base: 10, max: 500 }));
  }
}
