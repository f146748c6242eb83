import { HoldfastError, hasCode } from '../../../base/errors.ts';
import { LostUploadOutcome } from '../../../contract/holdfast/internal/v1/maintenance.ts';
import { requireService } from '../access.ts';
import type { MaintenanceVerb } from '../deps.ts';
import { lockedFileRow } from '../file-rows.ts';
import { announcePurge, lockUpload, markForPurge } from '../purge.ts';
import { confirm } from '../uploads/confirm.ts';
import { isBeingConfirmed } from '../uploads/confirm-lease.ts';
import { MAX_PAGE } from './list-purgeable.ts';

/** A signed upload whose confirm has not come by then may be lost, so its object is looked for. Milliseconds. */
const LATE = 5 * 60_000;

export const listLostUploads: MaintenanceVerb<'listLostUploads'> =
  ({ db }) =>
  async ({ after, limit }, context) => {
    requireService(context);
    const now = await db.now();
    // Looked at again, under a lock, before anything is done about them.
    const rows = await db.laggingReader
      .selectFrom('uploads')
      .innerJoin('files', 'files.id', 'uploads.file_id')
      .select('file_id')
      .where('file_id', '>', after)
      .where('files.purge_reason', 'is', null)
      .where(({ eb, or, and }) =>
        or([
          eb('uploads.expires_at', '<=', now),
          and([eb('uploads.kind', '=', 'presigned'), eb('uploads.created_at', '<=', now - LATE)]),
        ]),
      )
      .orderBy('file_id')
      .limit(Math.min(Math.max(limit, 1), MAX_PAGE))
      .execute();
    return { fileIds: rows.map((row) => row.file_id) };
  };

export const settleLostUpload: MaintenanceVerb<'settleLostUpload'> =
  (deps) =>
  async ({ fileId }, context) => {
    requireService(context);
    const { db } = deps;
    const upload = await db.reader
      .selectFrom('uploads')
      .select(['kind'])
      .where('file_id', '=', fileId)
      .executeTakeFirst();
    if (!upload) return { outcome: LostUploadOutcome.LEFT };
    if (upload.kind === 'presigned') {
      try {
        await confirm(deps, { fileId, ownerId: undefined, parts: [] }, context);
        return { outcome: LostUploadOutcome.CONFIRMED };
      } catch (error) {
        if (hasCode(error, 'upload_busy')) return { outcome: LostUploadOutcome.LEFT };
        // Not there, or not what was declared: it may still come, until it expires.
        if (!(error instanceof HoldfastError) || error.meaning.retryable || error.code === 'internal') throw error;
      }
    }
    const now = await db.now();
    const expired = await db.unit(async (tx) => {
      const file = await lockedFileRow(tx, fileId);
      // Another has given it up already, or it was confirmed.
      if (file?.status !== 'pending' || file.purge_reason !== null) return false;
      const open = await lockUpload(tx, fileId);
      if (!open || open.expires_at > now || isBeingConfirmed(open, now)) return false;
      await markForPurge(tx, fileId, 'abandoned', now);
      return true;
    });
    if (expired) announcePurge(deps, fileId);
    return { outcome: expired ? LostUploadOutcome.EXPIRED : LostUploadOutcome.LEFT };
  };
