import { requireService } from '../access.ts';
import type { MaintenanceVerb } from '../deps.ts';
import { appendEvents } from '../events/append.ts';
import { lockedFileRow } from '../file-rows.ts';
import { filePrefix, inboxKey } from '../keys.ts';
import { changeUsage } from '../owners.ts';
import { markForPurge } from '../purge.ts';
import { purgeReasonOf } from './list-purgeable.ts';

export const beginPurge: MaintenanceVerb<'beginPurge'> =
  ({ db, settings }) =>
  async ({ fileId }, context) => {
    requireService(context);
    const now = await db.now();
    return db.unit(async (tx) => {
      const file = await lockedFileRow(tx, fileId);
      const reason = file && purgeReasonOf(file, settings, now);
      if (!file || !reason) return { begun: false, keys: [], prefixes: [] };
      if (file.purge_reason === null) await markForPurge(tx, fileId, reason, now);
      const upload = await tx.selectFrom('uploads').selectAll().where('file_id', '=', fileId).executeTakeFirst();
      return {
        begun: true,
        keys: upload?.kind === 'presigned' ? [inboxKey(fileId)] : [],
        prefixes: [filePrefix(file.owner_key, fileId)],
        ...(upload?.multipart_id && { multipartKey: upload.source_key, multipartId: upload.multipart_id }),
      };
    });
  };

export const finishPurge: MaintenanceVerb<'finishPurge'> =
  ({ db, onEvent }) =>
  async ({ fileId }, context) => {
    requireService(context);
    const now = await db.now();
    await db.unit(async (tx) => {
      const file = await lockedFileRow(tx, fileId);
      // Done by another already, or never begun.
      if (!file || file.purge_reason === null) return;
      // Nobody was told of an upload that did not end.
      if (file.status !== 'pending') {
        await appendEvents(tx, file, [{ type: 'file.purged', data: { reason: file.purge_reason } }], now);
        await changeUsage(tx, file.owner_id, { used: -file.size, files: -1 });
      }
      for (const table of ['file_variants', 'processing_jobs', 'uploads', 'idempotency_files'] as const) {
        await tx.deleteFrom(table).where('file_id', '=', fileId).execute();
      }
      await tx.deleteFrom('files').where('id', '=', fileId).execute();
    });
    onEvent();
    return {};
  };
