import { ownerOf } from '../access.ts';
import type { FileVerb } from '../deps.ts';
import { appendEvents } from '../events/append.ts';
import { lockFile } from '../file-rows.ts';
import { cancelJobs } from '../jobs/cancel.ts';
import { announcePurge, markForPurge } from '../purge.ts';

export const deleteFile: FileVerb<'deleteFile'> = (deps) => async (request, context) => {
  const { fileId, permanent } = request;
  const ownerId = ownerOf(context, request.ownerId);
  const { db } = deps;
  const now = await db.now();
  await db.unit(async (tx) => {
    const file = await lockFile(tx, fileId, ownerId);
    if (file.deleted_at !== null && !permanent) return;
    const sequence = await appendEvents(tx, file, [{ type: 'file.deleted', data: { permanent } }], now);
    await tx
      .updateTable('files')
      .set({ deleted_at: file.deleted_at ?? now, updated_at: now, sequence })
      .where('id', '=', fileId)
      .execute();
    // An upload that has not ended has nothing to restore.
    if (permanent || file.status === 'pending') await markForPurge(tx, fileId, 'deleted', now);
    else await cancelJobs(tx, fileId, now);
  });
  deps.onEvent();
  if (permanent) announcePurge(deps, fileId);
  return {};
};
