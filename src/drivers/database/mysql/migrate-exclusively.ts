import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { MigrationName } from '../migrator.ts';
import { UnitScope } from '../unit-scope.ts';
import type { Address } from './address.ts';
import { connect } from './connect.ts';
import { portError } from './errors.ts';
import { explainRefusal } from './explain.ts';
import { mysqlOver } from './grammar.ts';
import { MigrationSteps } from './migration-steps.ts';
import type { Session } from './session.ts';

/** The server is asked for the lock again and again, so that a connection that was lost is noticed. Seconds. */
const LOCK_TURN = 10;
/** How long another instance may migrate before we give up. Milliseconds. */
const LOCK_PATIENCE = 3600_000;

/**
 * `MigrationHost.exclusively` on a connection of its own, by a lock of the server that ends with the connection: where
 * the process dies, the next one takes over. What changes tables is no part of a transaction here, so `MigrationSteps`
 * knows how far a migration came that was cut off.
 */
export async function migrateExclusively<R>(
  address: Address,
  migration: MigrationName,
  work: (tx: Kysely<unknown>) => Promise<R>,
): Promise<R> {
  let session: Session;
  try {
    ({ session } = await connect(address, 'migrations'));
  } catch (error) {
    throw portError(error);
  }
  try {
    await lock(session, address);
    const steps = await MigrationSteps.open(session, migration);
    const scope = new UnitScope({ over: mysqlOver, execute: (query) => steps.execute(query), portError });
    try {
      const result = await work(scope.tx);
      scope.assertWhole();
      await steps.forget();
      return result;
    } finally {
      scope.end();
    }
  } catch (error) {
    throw explainRefusal(error, address) ?? portError(error);
  } finally {
    // The lock goes with it.
    session.close();
  }
}

async function lock(session: Session, { database }: Address): Promise<void> {
  // Names are the whole server's, and at most 64 characters.
  const name = `holdfast_migrate_${createHash('sha256').update(database).digest('hex').slice(0, 32)}`;
  const until = performance.now() + LOCK_PATIENCE;
  for (;;) {
    const { rows } = await session.execute('select get_lock(?, ?) as got', [name, LOCK_TURN], LOCK_TURN * 1000);
    if ((rows[0] as { got: number | null }).got === 1) return;
    if (performance.now() > until) throw new Error('Another instance has been migrating the database for too long.');
  }
}
