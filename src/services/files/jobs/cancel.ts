import type { Kysely } from 'kysely';
import type { FilesTables } from '../tables.ts';

/** Cancels the jobs of a file that wait; those that run are let end. Restoring the file queues them again. */
export async function cancelJobs(tx: Kysely<FilesTables>, fileId: string, now: number): Promise<void> {
  await tx
    .updateTable('processing_jobs')
    .set({ state: 'cancelled', updated_at: now })
    .where('file_id', '=', fileId)
    .where('state', 'in', ['queued', 'failed'])
    .execute();
}
