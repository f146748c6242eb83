import { HoldfastError } from '../../../base/errors.ts';
import { fullError, unavailableError } from '../errors.ts';
import { UniqueViolation } from '../port.ts';
import { barrierError, isBarrier } from '../write-barrier.ts';

/** Result codes of SQLite (sqlite.org/rescode.html): primary ones fill the low byte of an extended one. */
const BUSY = 5;
const LOCKED = 6;
const IO_ERROR = 10;
const FULL = 13;
const CANNOT_OPEN = 14;
const CONSTRAINT = 19;
const CONSTRAINT_PRIMARY_KEY = 1555;
const CONSTRAINT_TRIGGER = 1811;
const CONSTRAINT_UNIQUE = 2067;
const CONSTRAINT_ROWID = 2579;

/** The extended result code, or undefined where SQLite did not throw it. */
function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code : undefined;
}

const primary = (error: unknown): number => (resultCode(error) ?? 0) & 0xff;

/** Another connection holds the lock: the same again may succeed. */
export const isBusy = (error: unknown): boolean => primary(error) === BUSY || primary(error) === LOCKED;

export const isConstraint = (error: unknown): boolean => primary(error) === CONSTRAINT;

/** What the port promises to throw, for what SQLite threw. */
export function portError(error: unknown): unknown {
  const code = resultCode(error);
  if (code === CONSTRAINT_UNIQUE || code === CONSTRAINT_PRIMARY_KEY || code === CONSTRAINT_ROWID) {
    return new UniqueViolation(error);
  }
  if (code === CONSTRAINT_TRIGGER && isBarrier(error)) return barrierError(error);
  switch (primary(error)) {
    case FULL:
      return fullError(error);
    case BUSY:
    case LOCKED:
    case IO_ERROR:
    case CANNOT_OPEN:
      return unavailableError(error);
    default:
      return error;
  }
}

export const lostError = (cause: unknown): HoldfastError =>
  new HoldfastError('unavailable', 'The database cannot be written to any more. The server must be restarted.', {
    cause,
  });
