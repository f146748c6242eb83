import { ownerOf } from '../access.ts';
import type { FileVerb } from '../deps.ts';
import { appendEvents } from '../events/append.ts';
import { fileWithVariants, lockFile } from '../file-rows.ts';
import { announceWork } from '../jobs/announce.ts';

export const restoreFile: FileVerb<'restoreFile'> = (deps) => async (request, context) => {
  const { fileId } = request;
  const ownerId = ownerOf(context, request.ownerId);
  const { db } = deps;
  const now = await db.now();
  const row = await db.unit(async (tx) => {
    const file = await lockFile(tx, fileId, ownerId);
    if (file.deleted_at === null) return file;
    const sequence = await appendEvents(tx, file, [{ type: 'file.restored', data: {} }], now);
    const changes = { deleted_at: null, updated_at: now, sequence };
    await tx.updateTable('files').set(changes).where('id', '=', fileId).execute();
    await tx
      .updateTable('processing_jobs')
      .set({ state: 'queued', due_at: now, announce_at: now, updated_at: now })
      .where('file_id', '=', fileId)
      .where('state', '=', 'cancelled')
      .execute();
    return { ...file, ...changes };
  });
  deps.onEvent();
  announceWork(deps, fileId);
  return { file: await fileWithVariants(db.reader, row) };
};
