import type { Database } from '../../drivers/database/port.ts';
import type { FilesTables } from './tables.ts';

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
