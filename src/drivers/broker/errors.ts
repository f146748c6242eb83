import { HoldfastError } from '../../base/errors.ts';

/** What a driver throws where its server cannot be had; one that says more already is left as it is. */
export const unavailable = (cause: unknown): HoldfastError =>
  cause instanceof HoldfastError
    ? cause
    : new HoldfastError('unavailable', 'The message broker is not available just now. Try again.', {
        retryAfter: 2,
        cause,
      });

/** For whoever uses a broker that was closed. */
export const closed = (): HoldfastError =>
  new HoldfastError('unavailable', 'The server is shutting down. Try again.', { retryAfter: 1 });
