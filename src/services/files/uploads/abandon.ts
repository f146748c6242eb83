import type { CallContext } from '../../../base/context.ts';
import { hasCode } from '../../../base/errors.ts';
import { ownerOf } from '../access.ts';
import type { FilesDeps, FileVerb, UploadVerb } from '../deps.ts';
import { lockFile } from '../file-rows.ts';
import { announcePurge, lockUpload, markForPurge } from '../purge.ts';
import { isBeingConfirmed } from './confirm-lease.ts';
import { uploadBusy, uploadClosed } from './finish.ts';

/** Gives an upload up that is still open. Throws `upload_closed` for a file that is confirmed. */
async function giveUp(deps: FilesDeps, context: CallContext, request: { ownerId: string; fileId: string }) {
  const ownerId = ownerOf(context, request.ownerId);
  const now = await deps.db.now();
  await deps.db.unit(async (tx) => {
    const file = await lockFile(tx, request.fileId, ownerId);
    if (file.status !== 'pending') throw uploadClosed();
    const upload = await lockUpload(tx, file.id);
    if (upload && isBeingConfirmed(upload, now)) throw uploadBusy();
    await markForPurge(tx, file.id, 'abandoned', now);
  });
  announcePurge(deps, request.fileId);
  return {};
}

export const abortUpload: FileVerb<'abortUpload'> = (deps) => (request, context) => giveUp(deps, context, request);

export const abandonUpload: UploadVerb<'abandonUpload'> = (deps) => async (request, context) => {
  try {
    return await giveUp(deps, context, request);
  } catch (error) {
    if (hasCode(error, 'not_found', 'upload_closed')) return {};
    throw error;
  }
};
