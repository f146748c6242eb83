import { HoldfastError } from '../../base/errors.ts';

export const closedError = (): HoldfastError =>
  new HoldfastError('unavailable', 'The server is shutting down. Try again.', { retryAfter: 1 });

export const overloadedError = (cause?: unknown): HoldfastError =>
  new HoldfastError('unavailable', 'The server is overloaded. Try again.', { cause, retryAfter: 1 });

export const unavailableError = (cause: unknown): HoldfastError =>
  new HoldfastError('unavailable', 'The database cannot be used just now. Try again.', { cause, retryAfter: 1 });

export const slowError = (cause: unknown): HoldfastError =>
  new HoldfastError('unavailable', 'The database takes too long just now. Try again.', { cause, retryAfter: 5 });

export const fullError = (cause: unknown): HoldfastError =>
  new HoldfastError('storage_full', 'The server has no space left. Try again later.', { cause, retryAfter: 60 });
