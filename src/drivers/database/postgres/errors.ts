import { DatabaseError } from 'pg';
import { errnoOf, HoldfastError } from '../../../base/errors.ts';
import { fullError, slowError, unavailableError } from '../errors.ts';
import { UniqueViolation } from '../port.ts';
import { barrierError, isBarrier } from '../write-barrier.ts';

/** SQLSTATE (PostgreSQL manual, appendix A) of what the server said; undefined where it said nothing. */
export const stateOf = (error: unknown): string | undefined =>
  error instanceof DatabaseError ? error.code : undefined;

/** The server ends the connection, is about to, or cannot take one. */
const GONE: ReadonlySet<string> = new Set([
  '25P03', // idle_in_transaction_session_timeout
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P05', // idle_session_timeout
  '53300', // too_many_connections
]);

/** Two units got in each other's way; the same again may succeed. */
const CONFLICT: ReadonlySet<string> = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '40003', // statement_completion_unknown
]);

const READ_ONLY = '25006';
const DISK_FULL = '53100';
const UNIQUE_VIOLATION = '23505';
const QUERY_CANCELED = '57014';
const LOCK_NOT_AVAILABLE = '55P03';
const RAISED = 'P0001';
const NO_SUCH_STATEMENT = '26000';

/** What `pg` says without the server, by message, where a connection is not to be had or ends. */
const LOST_MESSAGES = [
  'Connection terminated',
  'Client has encountered a connection error',
  'Client was closed',
  'Query read timeout',
  'timeout expired',
  'timeout exceeded when trying to connect',
];

/** The connection cannot be used any more, or none could be made. */
export function isLost(error: unknown): boolean {
  const state = stateOf(error);
  // What was the primary is now a replica: another connection may find the new one.
  if (state !== undefined) return GONE.has(state) || state.startsWith('08') || isReadOnly(error as DatabaseError);
  if (!(error instanceof Error)) return false;
  return errnoOf(error) !== undefined || LOST_MESSAGES.some((message) => error.message.startsWith(message));
}

const isReadOnly = ({ code, message }: DatabaseError) => code === READ_ONLY || message.endsWith('during recovery');

export const isConflict = (error: unknown): boolean => CONFLICT.has(stateOf(error) ?? '');

/** A statement was prepared for tables that a migration has changed since, or is not known where the pooler leads to. */
export const isStale = (error: unknown): boolean =>
  stateOf(error) === NO_SUCH_STATEMENT ||
  (error instanceof DatabaseError && error.code === '0A000' && error.routine === 'RevalidateCachedQuery');

/** What the port promises to throw, for what the server or the connection threw. */
export function portError(error: unknown): unknown {
  if (error instanceof HoldfastError) return error;
  const state = stateOf(error);
  if (state === UNIQUE_VIOLATION) return new UniqueViolation(error);
  if (state === RAISED && isBarrier(error)) return barrierError(error);
  if (state === DISK_FULL) return fullError(error);
  if (state === QUERY_CANCELED || state === LOCK_NOT_AVAILABLE) return slowError(error);
  const passes = isLost(error) || isConflict(error) || isStale(error) || state?.startsWith('53');
  return passes ? unavailableError(error) : error;
}
