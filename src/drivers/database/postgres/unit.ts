import type { Kysely } from 'kysely';
import { UnitScope } from '../unit-scope.ts';
import { Again, isPassing } from './again.ts';
import { isConflict, isLost, isStale, portError } from './errors.ts';
import { postgresOver } from './grammar.ts';
import { outcomeOf } from './outcome.ts';
import type { Pool } from './pool.ts';
import type { Session } from './session.ts';

// biome-ignore lint/suspicious/noExplicitAny: a unit of any service.
export type Work<R> = (tx: Kysely<any>) => Promise<R>;

export interface UnitOptions {
  /** Statements that come before the first one of the unit, each with its semicolon. */
  readonly prelude?: string;
  /** Milliseconds for which each statement is waited for, the prelude included. The server is told by the prelude. */
  readonly timeout?: number;
}

/** What failed, where the same unit once more may succeed. */
class Passing {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/**
 * `Database.unit`. `BEGIN` goes out together with the unit's first statement. It also gives the transaction its number,
 * because that must be known before `COMMIT` goes out: see `outcomeOf`.
 */
export async function runUnit<R>(pool: Pool, work: Work<R>, options: UnitOptions = {}): Promise<R> {
  const again = new Again();
  const attempt = () => attemptUnit(pool, work, options);
  for (let inTurn = false; ; ) {
    try {
      return await (inTurn ? pool.inTheWay.take(attempt) : attempt());
    } catch (thrown) {
      if (!(thrown instanceof Passing)) throw thrown;
      inTurn ||= isConflict(thrown.error);
      await again.after(thrown.error).catch((error) => {
        throw portError(error);
      });
    }
  }
}

async function attemptUnit<R>(pool: Pool, work: Work<R>, options: UnitOptions): Promise<R> {
  const session = await pool.acquire().catch((error) => {
    throw isPassing(error) ? new Passing(error) : portError(error);
  });
  const begun = begin(session, pool.prelude + (options.prelude ?? ''), options.timeout);
  const value = await workOn(session, work, options);
  const transaction = await begun.catch(async (error) => {
    session.end();
    throw isPassing(error) ? new Passing(error) : portError(error);
  });
  try {
    const { command } = await session.run('commit');
    if (command !== 'COMMIT') throw new Error('A unit of work was rolled back by the database.');
    session.release();
    return value;
  } catch (error) {
    session.end();
    if (isLost(error) && (await outcomeOf(pool, transaction, error)) === 'committed') return value;
    throw isPassing(error) ? new Passing(error) : portError(error);
  }
}

/** Answers the transaction's number. Not awaited before the first statement goes out. */
function begin(session: Session, prelude: string, timeout?: number): Promise<string> {
  const begun = session
    .run(`begin isolation level read committed; ${prelude}select pg_current_xact_id() as number`, timeout)
    .then(({ rows }) => (rows[0] as { number: string }).number);
  begun.catch(() => {});
  return begun;
}

/** Runs `work`. Where it does not end well, the transaction is rolled back and the session given back. */
async function workOn<R>(session: Session, work: Work<R>, { timeout }: UnitOptions): Promise<R> {
  const scope = new UnitScope({ over: postgresOver, execute: (query) => session.execute(query, timeout), portError });
  try {
    const value = await Promise.race([(async () => work(scope.tx))(), session.lost]);
    scope.assertWhole();
    return value;
  } catch (thrown) {
    const cause = session.failure?.error;
    await rollBack(session, cause);
    throw cause !== undefined && isPassing(cause) ? new Passing(cause) : portError(thrown);
  } finally {
    scope.end();
  }
}

async function rollBack(session: Session, cause: unknown): Promise<void> {
  // A connection keeps a statement that is stale, and one that is lost is of no use.
  if (cause !== undefined && (isLost(cause) || isStale(cause))) return session.end();
  await session.run('rollback').then(
    () => session.release(),
    () => session.end(),
  );
}
