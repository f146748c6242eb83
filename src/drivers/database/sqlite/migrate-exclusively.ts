import type { Kysely } from 'kysely';
import type { Connection } from './connection.ts';
import { portError } from './errors.ts';
import type { UnitQueue } from './unit-queue.ts';
import { unitScopeOn } from './unit-scope.ts';
import { whileBusy } from './while-busy.ts';

/**
 * Runs a migration in a transaction of its own. Foreign keys are checked once at its end, not enforced meanwhile: a
 * table that is rebuilt is dropped for a moment (sqlite.org/lang_altertable.html, section 7).
 */
export function migrateExclusively<R>(units: UnitQueue, work: (tx: Kysely<unknown>) => Promise<R>): Promise<R> {
  return units.alone(async (connection) => {
    connection.run('PRAGMA foreign_keys = OFF');
    try {
      return await inTransaction(connection, work);
    } catch (error) {
      if (connection.inTransaction) connection.run('ROLLBACK');
      throw portError(error);
    } finally {
      connection.run('PRAGMA foreign_keys = ON');
    }
  });
}

async function inTransaction<R>(connection: Connection, work: (tx: Kysely<unknown>) => Promise<R>): Promise<R> {
  await whileBusy(() => connection.run('BEGIN IMMEDIATE'));
  const scope = unitScopeOn(connection);
  try {
    const result = await work(scope.tx);
    scope.assertWhole();
    if (connection.execute('PRAGMA foreign_key_check', []).rows.length > 0) {
      throw new Error('The migration leaves rows that refer to rows that are not there.');
    }
    connection.run('COMMIT');
    return result;
  } finally {
    scope.end();
  }
}
