import { ownerOf } from '../access.ts';
import type { UploadVerb } from '../deps.ts';
import { lockFile } from '../file-rows.ts';
import { changeUsage, checkQuota, lockOwner } from '../owners.ts';
import { lockUpload } from '../purge.ts';
import { begunHere } from './begun-here.ts';
import { checkSize } from './check-new-file.ts';
import { uploadClosed } from './finish.ts';

/** Held steps are whole mebibytes, so that an upload of unknown length asks seldom. */
const STEP = 1024 * 1024;

export const extendUpload: UploadVerb<'extendUpload'> =
  ({ db, settings }) =>
  async ({ ownerId, fileId, size }, context) => {
    const owner = ownerOf(context, ownerId);
    checkSize(size, settings.maxFileSize);
    const now = await db.now();
    // It will not be as it was begun.
    begunHere(db).delete(fileId);
    return db.unit(async (tx) => {
      const file = await lockFile(tx, fileId, owner);
      const upload = await lockUpload(tx, file.id);
      if (!upload) throw uploadClosed();
      const held = Math.max(upload.held, Math.min(Math.ceil(size / STEP) * STEP, settings.maxFileSize));
      checkQuota(await lockOwner(tx, db.dialect, owner, now), { bytes: held - upload.held, files: 0 }, settings);
      await changeUsage(tx, owner, { held: held - upload.held });
      await tx
        .updateTable('uploads')
        .set({ held, expires_at: now + settings.uploadExpiry })
        .where('file_id', '=', fileId)
        .execute();
      return { held };
    });
  };
