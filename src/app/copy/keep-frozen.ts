import { startLoop } from '../../base/lifecycle.ts';
import type { DatabaseServer } from '../../drivers/database/port.ts';
import { StartError } from '../start-error.ts';
import { freeze, LEASE, releaseFreeze, renewFreeze } from './freeze.ts';

/**
 * Freezes the source, keeps it frozen while `work` runs, and lets writers in again should it fail. `signal` aborts when
 * the freeze had a gap: then what was compared may have changed.
 */
export async function whileFrozen<T>(
  source: DatabaseServer,
  copyId: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  let frozen = false;
  const lost = new AbortController();
  const renewing = startLoop({
    every: LEASE / 4,
    round: async () => {
      // Before the row is there, there is nothing to renew.
      if (frozen && !(await renewFreeze(source, copyId))) lost.abort(new StartError(GAP));
    },
    // The next round tries again, and what matters is asked for at the end.
    onError: () => {},
  });
  try {
    await freeze(source, copyId, () => {
      frozen = true;
    });
    return await work(AbortSignal.any([signal, lost.signal]));
  } catch (error) {
    await renewing.stop();
    await releaseFreeze(source, copyId).catch(() => {});
    // What was cut off says only that it was.
    lost.signal.throwIfAborted();
    throw error;
  } finally {
    await renewing.stop();
  }
}

export const GAP = 'The source could not be kept frozen without a gap. Run the same command again: it goes on.';
