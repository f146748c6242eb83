import type { Kysely, Selectable } from 'kysely';
import type { Database, Dialect } from '../../drivers/database/port.ts';
import type { FilesLeasesTable, FilesTables } from './tables.ts';

/** Takes or renews a named lease for `duration` milliseconds; false while another holds it. */
export async function takeLease(
  db: Database<FilesTables>,
  name: string,
  token: string,
  duration: number,
): Promise<boolean> {
  const now = await db.now();
  return db.unit(async (tx) => {
    const held = await lockLease(tx, db.dialect, name);
    if (held.token !== token && held.lease_until > now) return false;
    const lease = { token, lease_until: now + duration };
    await tx.updateTable('files_leases').set(lease).where('name', '=', name).execute();
    return true;
  });
}

/** The lease's row, locked: until the unit has ended nobody else gets past here. Made where there is none yet. */
export async function lockLease(
  tx: Kysely<FilesTables>,
  dialect: Dialect,
  name: string,
): Promise<Selectable<FilesLeasesTable>> {
  const query = tx.selectFrom('files_leases').selectAll().where('name', '=', name).forUpdate();
  const found = await query.executeTakeFirst();
  if (found) return found;
  await dialect.insertIfAbsent(tx, 'files_leases', [{ name, token: '', lease_until: 0 }], ['name']);
  return query.executeTakeFirstOrThrow();
}

/**
 * Ends every lease, and has the news of waiting jobs sent again. For an instance that knows that it is alone, at its
 * start: whoever held the leases or was on the way with the news is dead, so nobody has to wait until they run out.
 */
export async function breakLeases(db: Database<FilesTables>): Promise<void> {
  await db.unit(async (tx) => {
    await tx.deleteFrom('files_leases').execute();
    await tx.updateTable('uploads').set({ lease_until: 0 }).where('state', '=', 'confirming').execute();
    await tx.updateTable('idempotency_keys').set({ lease_until: 0 }).where('answer', 'is', null).execute();
    await tx.updateTable('processing_jobs').set({ lease_until: 0 }).where('state', '=', 'running').execute();
    await tx
      .updateTable('processing_jobs')
      .set(({ ref }) => ({ announce_at: ref('due_at') }))
      .where('state', 'in', ['queued', 'failed'])
      .execute();
  });
}
