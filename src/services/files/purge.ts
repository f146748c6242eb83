import type { Kysely } from 'kysely';
import { prepared } from '../../base/prepared-query.ts';
import { TOPICS } from '../../base/topics.ts';
import type { FilesDeps } from './deps.ts';
import { announce } from './jobs/announce.ts';
import { changeUsage } from './owners.ts';
import type { FilesTables, PurgeReasonWord } from './tables.ts';

/**
 * Marks a file: from here on nobody sees it, and nothing brings it back. Its bytes and rows go when the janitor gets
 * to it. What its upload held of the quota is free at once; what a confirmed file uses, when its bytes are gone.
 */
export async function markForPurge(
  tx: Kysely<FilesTables>,
  fileId: string,
  reason: PurgeReasonWord,
  now: number,
): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('files')
    .set({ purge_reason: reason, deleted_at: now, updated_at: now })
    .where('id', '=', fileId)
    .where('purge_reason', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return;
  await tx
    .updateTable('processing_jobs')
    .set({ state: 'cancelled', updated_at: now })
    .where('file_id', '=', fileId)
    .where('state', 'in', ['queued', 'running', 'failed'])
    .execute();
  const upload = await tx
    .selectFrom('uploads')
    .select(['owner_id', 'held'])
    .where('file_id', '=', fileId)
    .executeTakeFirst();
  if (!upload) return;
  await changeUsage(tx, upload.owner_id, { held: -upload.held, filesHeld: -1 });
  await tx.updateTable('uploads').set({ held: 0 }).where('file_id', '=', fileId).execute();
}

/** Tells the janitor, after the commit. Where the news is lost, its next sweep finds the file. */
export function announcePurge(deps: Pick<FilesDeps, 'broker' | 'log'>, fileId: string): void {
  announce(deps, TOPICS.purge, { fileId });
}

const readLocked = prepared((db: Kysely<FilesTables>, { fileId }: { readonly fileId: string }) =>
  db.selectFrom('uploads').selectAll().where('file_id', '=', fileId).forUpdate(),
);

/** The upload's row, locked; undefined where the upload has ended. */
export async function lockUpload(tx: Kysely<FilesTables>, fileId: string) {
  return (await readLocked(tx, { fileId })).rows[0];
}
