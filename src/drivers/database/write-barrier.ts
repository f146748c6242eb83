import { HoldfastError } from '../../base/errors.ts';

/** What a barrier's trigger says to the driver. The trigger's name begins with it, too. */
export const BARRIER = 'holdfast_barrier';

/** Whether a database's error is that of a barrier. */
export const isBarrier = (error: unknown): boolean => error instanceof Error && error.message.includes(BARRIER);

/** What whoever wanted to write is told. */
export const barrierError = (cause: unknown): HoldfastError =>
  new HoldfastError(
    'unavailable',
    'Everything is being moved to another place, and nothing can be changed meanwhile. Try again soon.',
    { cause, retryAfter: 10 },
  );
