import { setTimeout as wait } from 'node:timers/promises';
import { backoff } from '../../../base/backoff.ts';
import { isBusy } from './errors.ts';

/** How long others may hold the lock (a backup, another process that migrates) before a caller hears of it. */
const PATIENCE_MS = 10_000;

/** Does it again, leaving the thread to others in between, while another connection holds the lock. */
export async function whileBusy<R>(action: () => R): Promise<R> {
  const until = performance.now() + PATIENCE_MS;
  for (let attempt = 1; ; attempt++) {
    try {
      return action();
    } catch (error) {
      if (!isBusy(error) || performance.now() > until) throw error;
    }
    await wait(backoff(attempt, { base: 5, max: 100 }));
  }
}
