import { setTimeout as wait } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { backoff } from '../../../base/backoff.ts';
import { UnitScope } from '../unit-scope.ts';
import { Disconnected, isContention, isLost, portError, unknownOutcome } from './errors.ts';
import { mysqlOver } from './grammar.ts';
import type { Pool } from './pool.ts';
import type { Session } from './session.ts';

/** Milliseconds. */
export interface UnitTimes {
  /** What one statement may take. */
  readonly statement: number;
  /** What one run of a unit may take. It can only be passed by one that awaits something else than the database. */
  readonly unit: number;
  /** How long a unit is run again and again: where others stand in its way, and where there is no connection. */
  readonly contention: number;
  readonly reconnecting: number;
}

export const UNIT_TIMES = { unit: 120_000, contention: 30_000, reconnecting: 5_000 };

// biome-ignore lint/suspicious/noExplicitAny: a unit of any service.
type Work<R> = (tx: Kysely<any>) => Promise<R>;

/** What ended one run of a unit, and whether another may succeed. */
interface Failure {
  readonly error: unknown;
  readonly again?: 'contention' | 'reconnecting';
}

/** `Database.unit` */
export async function runUnit<R>(pool: Pool, times: UnitTimes, work: Work<R>): Promise<R> {
  const begun = performance.now();
  for (let attempt = 1; ; attempt++) {
    const result = await runOnce(pool, times, work);
    if ('value' in result) return result.value;
    const { error, again } = result;
    if (!again || performance.now() - begun > times[again]) throw portError(error);
    await wait(backoff(attempt, again === 'contention' ? { base: 5, max: 250 } : { base: 50, max: 1_000 }));
  }
}

async function runOnce<R>(pool: Pool, times: UnitTimes, work: Work<R>): Promise<{ readonly value: R } | Failure> {
  let session: Session;
  try {
    session = await pool.acquire();
  } catch (error) {
    return failed(error);
  }
  try {
    return await inTransaction(session, times, work);
  } finally {
    pool.release(session);
  }
}

/** Leaves the session in no transaction, or ended. */
async function inTransaction<R>(
  session: Session,
  times: UnitTimes,
  work: Work<R>,
): Promise<{ readonly value: R } | Failure> {
  /** What the server said of the statement that failed. */
  let refusal: { readonly error: unknown } | undefined;
  const execute = async (sql: string, parameters: readonly unknown[] = []) => {
    try {
      return await session.execute(sql, parameters, times.statement);
    } catch (error) {
      refusal ??= { error };
      throw error;
    }
  };
  const scope = new UnitScope({
    over: mysqlOver,
    execute: ({ sql, parameters }) => execute(sql, parameters),
    portError,
  });
  try {
    const value = await withDeadline(work, scope, session, times.unit);
    scope.assertWhole();
    scope.end();
    return (await commit(session, times)) ?? { value };
  } catch (error) {
    scope.end();
    await rollBack(session, times);
    return (refusal && failed(refusal.error, error)) ?? { error };
  }
}

/** Undefined where it is committed. */
async function commit(session: Session, times: UnitTimes): Promise<Failure | undefined> {
  // Nothing was sent: it can be run again.
  if (session.ended) return failed(new Disconnected());
  try {
    await session.execute('COMMIT', [], times.statement);
    return undefined;
  } catch (error) {
    if (isLost(error)) return { error: unknownOutcome(error) };
    await rollBack(session, times);
    return failed(error);
  }
}

async function rollBack(session: Session, times: UnitTimes): Promise<void> {
  try {
    if (!session.ended) await session.execute('ROLLBACK', [], times.statement);
  } catch (error) {
    // The server undoes what it is cut off from.
    session.destroy(error);
  }
}

/** What to do about what the server said; `thrown`: what came of it, which the caller hears when it is final. */
function failed(said: unknown, thrown: unknown = said): Failure {
  if (isContention(said)) return { error: said, again: 'contention' };
  if (isLost(said)) return { error: said, again: 'reconnecting' };
  return { error: thrown };
}

/** Only work that awaits something else than the database can be late, and it holds up whoever waits for its rows. */
async function withDeadline<R>(work: Work<R>, { tx }: UnitScope, session: Session, deadline: number): Promise<R> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error('A unit of work was given up: it awaited something that is not its database.');
      session.destroy(error);
      reject(error);
    }, deadline);
  });
  return Promise.race([(async () => work(tx))(), late]).finally(() => clearTimeout(timer));
}
