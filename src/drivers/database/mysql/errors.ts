import { HoldfastError } from '../../../base/errors.ts';
import { fullError, slowError, unavailableError } from '../errors.ts';
import { UniqueViolation } from '../port.ts';
import { barrierError, isBarrier } from '../write-barrier.ts';

/** Errors of the servers by number (dev.mysql.com/doc/mysql-errors/8.4/en, mariadb.com/kb/en/mariadb-error-codes). */
const DUPLICATE = [1062, 1586];
/** Disk or table full; 1030 where the operating system says so (errno 28, 122). */
const FULL = [1021, 1114];
/** Another unit stood in the way, and the server has undone this one, or its last statement. */
const CONTENTION = [
  1205, // a lock was not given in time
  1213, // deadlock
  1020, // MariaDB: the row has changed since it was read
  1412, // a table was changed since the transaction began
  1615, // a prepared statement has to be prepared again
];
/** The connection is of no use any more, or the server is not one that can be written to: another one may do. */
const LOST = [
  1040, // too many connections
  1047, // Galera: the node is not ready
  1053, // shutting down
  1158,
  1159,
  1160,
  1161, // network errors
  1203,
  1226, // the user has too many connections
  1290,
  1836, // read-only: no longer the primary
  1317, // interrupted, as it is at a shutdown
  1927, // MariaDB: killed
  3168, // the server is not available
  4031, // disconnected for being idle
];
const TOO_SLOW = [
  1969, // MariaDB: max_statement_time
  3024, // MySQL: max_execution_time
];
const MOST_STATEMENTS = 1461;

interface ServerError extends Error {
  readonly errno?: number;
  readonly code?: string;
  /** Set by mysql2 where the connection has ended. */
  readonly fatal?: boolean;
}

const numberOf = (error: unknown): number => {
  const errno = (error as ServerError | null)?.errno;
  return typeof errno === 'number' && errno > 0 ? errno : 0;
};

export const isNumber = (error: unknown, ...numbers: number[]): boolean => numbers.includes(numberOf(error));

/** Thrown where the server did not answer in time; the connection has been given up. */
export class NoAnswer extends Error {
  readonly fatal = true;

  constructor(milliseconds: number) {
    super(`The server did not answer within ${milliseconds} ms.`);
    this.name = 'NoAnswer';
  }
}

/** The connection has ended before the statement was sent, or while nothing was asked of it. */
export class Disconnected extends Error {
  readonly fatal = true;

  constructor() {
    super('The server has closed the connection.');
    this.name = 'Disconnected';
  }
}

/** The connection has ended, or has to be. */
export const isLost = (error: unknown): boolean =>
  (error as ServerError | null)?.fatal === true || LOST.includes(numberOf(error));

export const isContention = (error: unknown): boolean => CONTENTION.includes(numberOf(error));

/** What the port promises to throw, for what the server or the way to it threw. */
export function portError(error: unknown): unknown {
  const number = numberOf(error);
  if (DUPLICATE.includes(number)) return new UniqueViolation(error);
  if (isBarrier(error)) return barrierError(error);
  if (FULL.includes(number) || (number === 1030 && /\b(28|122)\b/.test((error as Error).message)))
    return fullError(error);
  if (TOO_SLOW.includes(number)) return slowError(error);
  if (isLost(error) || isContention(error) || number === MOST_STATEMENTS) return unavailableError(error);
  return error;
}

/** The connection was lost on the way of COMMIT: whether it arrived cannot be asked. */
export const unknownOutcome = (cause: unknown): HoldfastError =>
  new HoldfastError(
    'unavailable',
    'The connection to the database was lost, and it is not known whether the change was made. Look before you repeat it.',
    { cause, retryAfter: 5 },
  );
