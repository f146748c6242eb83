import type { UploadVerb } from '../deps.ts';
import { fileOfKey } from '../keys.ts';
import { isBeingConfirmed } from './confirm-lease.ts';
import { uploadBusy, uploadClosed } from './finish.ts';

/** The principal does not matter: who holds a signed URL may put, as long as its upload is open. */
export const checkUploadOpen: UploadVerb<'checkUploadOpen'> =
  ({ db }) =>
  async ({ key }) => {
    const now = await db.now();
    const fileId = fileOfKey(key);
    const upload =
      fileId &&
      (await db.reader
        .selectFrom('uploads')
        .innerJoin('files', 'files.id', 'uploads.file_id')
        .select(['state', 'lease_until', 'uploads.expires_at', 'source_key', 'purge_reason'])
        .where('uploads.file_id', '=', fileId)
        .executeTakeFirst());
    const alive = upload && upload.source_key === key && upload.purge_reason === null && upload.expires_at > now;
    if (!alive) throw uploadClosed();
    if (isBeingConfirmed(upload, now)) throw uploadBusy();
    return {};
  };
