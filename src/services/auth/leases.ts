import type { Kysely } from 'kysely';
import type { Database, Dialect } from '../../drivers/database/port.ts';
import type { AuthLeasesTable, AuthTables } from './tables.ts';

/** Takes or renews a named lease for `duration` milliseconds; false while another holds it. */
export async function takeLease(
  db: Database<AuthTables>,
  name: string,
  token: string,
  duration: number,
): Promise<boolean> {
  const now = await db.now();
  return db.unit(async (tx) => {
    const held = await lockLease(tx, db.dialect, name);
    if (held.token !== token && held.lease_until > now) return false;
    const lease = { token, lease_until: now + duration };
    await tx.updateTable('auth_leases').set(lease).where('name', '=', name).execute();
    return true;
  });
}

/** The lease's row, locked: until the unit has ended nobody else gets past here. Made where there is none yet. */
export async function lockLease(tx: Kysely<AuthTables>, dialect: Dialect, name: string): Promise<AuthLeasesTable> {
  const query = tx.selectFrom('auth_leases').selectAll().where('name', '=', name).forUpdate();
  const found = await query.executeTakeFirst();
  if (found) return found;
  await dialect.insertIfAbsent(tx, 'auth_leases', [{ name, token: '', lease_until: 0 }], ['name']);
  return query.executeTakeFirstOrThrow();
}

/** Gives a lease back, where it is still held: the next instance need not wait until it has run out. */
export async function giveBackLease(db: Database<AuthTables>, name: string, token: string): Promise<void> {
  await db.unit((tx) =>
    tx.updateTable('auth_leases').set({ lease_until: 0 }).where('name', '=', name).where('token', '=', token).execute(),
  );
}
