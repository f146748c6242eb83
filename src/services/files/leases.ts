import type { Database } from '../../drivers/database/port.ts';
import type { FilesTables } from './tables.ts';

/** Takes or renews a named lease for `duration` milliseconds; false while another holds it. */
export async function takeLease(
  db: Database<FilesTables>,
  name: string,
  token: string,
  duration: number,
): Promise<boolean> {
  const now = await db.now();
  return db.unit(async (tx) => {
    const query = tx.selectFrom('files_leases').selectAll().where('name', '=', name);
    const held = await query.forUpdate().executeTakeFirst();
    if (held && held.token !== token && held.lease_until > now) return false;
    const lease = { token, lease_until: now + duration };
    if (held) await tx.updateTable('files_leases').set(lease).where('name', '=', name).execute();
    else
      await tx
        .insertInto('files_leases')
        .values({ name, ...lease })
        .execute();
    return true;
  });
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
