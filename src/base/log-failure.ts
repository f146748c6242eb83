import { toHoldfastError } from './errors.ts';
import type { Logger } from './logger.ts';

/** A defect with all that is known of it; what somebody else cannot just now, time and again, in a line that says why. */
export function logFailure(log: Logger, thrown: unknown, message?: string): void {
  const { code, detail, cause, meaning } = toHoldfastError(thrown);
  const err = cause ?? thrown;
  if (meaning.http === 500) {
    log.error({ err, code }, message ?? detail);
  } else {
    log.warn({ code, reason: (err as Error).message }, message ?? detail);
    log.debug({ err, code }, message ?? detail);
  }
}
