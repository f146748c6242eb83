import { setTimeout as pause } from 'node:timers/promises';
import type { CallContext } from '../../../base/context.ts';
import { hasCode } from '../../../base/errors.ts';
import type { ReceivedPart } from '../../../contract/holdfast/v1/file.ts';
import { notFound, ownerOf } from '../access.ts';
import type { FilesDeps, FileVerb } from '../deps.ts';
import { type FileRow, lockedFileRow, lockFile } from '../file-rows.ts';
import { announcePurge, lockUpload, markForPurge } from '../purge.ts';
import { requireConfirmToken } from './check-confirm-token.ts';
import { completeUpload } from './complete.ts';
import { type ConfirmLease, isBeingConfirmed, leaseUpload, whileLeased } from './confirm-lease.ts';
import { answer, uploadBusy, uploadClosed } from './finish.ts';
import { type ConfirmedUpload, verifyBytes } from './verify-bytes.ts';

export const confirmUpload: FileVerb<'confirmUpload'> = (deps) => async (request, context) => {
  const { fileId, confirmToken } = request;
  if (confirmToken !== undefined) {
    requireConfirmToken(deps, { fileId, confirmToken });
    return confirmOrAwait(deps, { fileId, ownerId: undefined, parts: request.parts }, context);
  }
  return confirmOrAwait(deps, { fileId, ownerId: ownerOf(context, request.ownerId), parts: request.parts }, context);
};

interface Confirm {
  readonly fileId: string;
  /** Undefined: whoever it belongs to. */
  readonly ownerId: string | undefined;
  /** What the client believes it sent; empty: whatever the store has. */
  readonly parts: readonly ReceivedPart[];
}

/** Milliseconds before each further look at an upload that another is confirming. */
const LOOKS = [50, 100, 200, 400, 800, 1_600];

/**
 * Like `confirm`; where another is at it, waits a little for what becomes of that, since it is the answer to this one as
 * well: often a client and the store itself say at the same moment that the bytes are there.
 */
export async function confirmOrAwait(deps: FilesDeps, request: Confirm, context: CallContext) {
  for (const wait of LOOKS) {
    try {
      return await confirm(deps, request, context);
    } catch (error) {
      if (!hasCode(error, 'upload_busy')) throw error;
      await pause(wait, undefined, { signal: context.signal });
    }
  }
  return confirm(deps, request, context);
}

/**
 * `pending` → `confirming` by compare-and-set with a lease, so that confirm and expiry cannot both win; the store is
 * asked what it has; then the one transaction. Doing it twice is harmless.
 */
export async function confirm(deps: FilesDeps, request: Confirm, context: CallContext) {
  const begun = await beginConfirm(deps, request);
  if (!begun.upload) return answer(deps, { file: begun.file, jobs: undefined });
  const { upload, lease } = begun;
  try {
    const evidence = await whileLeased(deps, lease, context, (leased) =>
      verifyBytes(deps, { upload, lease, claimed: request.parts }, leased),
    );
    const now = await deps.db.now();
    const confirmed = await deps.db.unit(async (tx) => {
      const file = await lockFile(tx, request.fileId);
      const held = await lockUpload(tx, request.fileId);
      // Another took over when the lease had run out, and was done before.
      if (file.status !== 'pending') return { file, jobs: undefined };
      if (!held || held.lease_token !== lease.token) throw uploadBusy();
      return completeUpload(deps, tx, { file, upload: held }, evidence, now);
    });
    return await answer(deps, confirmed);
  } catch (error) {
    await endConfirm(deps, upload, lease, error);
    throw error;
  }
}

type Begun =
  | { readonly file: FileRow; readonly upload?: undefined }
  | { readonly file: FileRow; readonly upload: ConfirmedUpload; readonly lease: ConfirmLease };

async function beginConfirm({ db, settings }: FilesDeps, { fileId, ownerId }: Confirm): Promise<Begun> {
  const now = await db.now();
  return db.unit(async (tx): Promise<Begun> => {
    const file = await lockFile(tx, fileId, ownerId);
    if (file.status !== 'pending') {
      if (ownerId === undefined) checkStillAnswers(file, now, settings.uploadExpiry);
      return { file };
    }
    const upload = await lockUpload(tx, fileId);
    if (!upload) throw notFound('upload');
    if (upload.kind === 'proxied') throw uploadClosed();
    if (isBeingConfirmed(upload, now)) throw uploadBusy();
    return { file, upload, lease: await leaseUpload(tx, fileId, now) };
  });
}

/**
 * Who has only the token may ask again, in case the answer was lost, for as long as the upload could have been open.
 * What its owner does with the file afterwards is not for them to see.
 */
function checkStillAnswers(file: FileRow, now: number, uploadExpiry: number): void {
  if (file.deleted_at !== null || now >= file.created_at + uploadExpiry) throw uploadClosed();
}

/** After a failure: the upload is open again, or, where what was sent can never become right, given up. */
async function endConfirm(
  deps: FilesDeps,
  upload: ConfirmedUpload,
  lease: ConfirmLease,
  error: unknown,
): Promise<void> {
  const hopeless =
    hasCode(error, 'type_not_allowed') ||
    (upload.multipart_id !== null && hasCode(error, 'size_mismatch', 'checksum_mismatch'));
  const now = await deps.db.now();
  await deps.db.unit(async (tx) => {
    // Files before uploads, as everywhere: otherwise two units might wait for each other.
    await lockedFileRow(tx, upload.file_id);
    const reopened = await tx
      .updateTable('uploads')
      .set({ state: 'open', lease_token: null, lease_until: null })
      .where('file_id', '=', upload.file_id)
      .where('lease_token', '=', lease.token)
      .executeTakeFirst();
    if (hopeless && reopened.numUpdatedRows > 0n) await markForPurge(tx, upload.file_id, 'abandoned', now);
  });
  if (hopeless) announcePurge(deps, upload.file_id);
}
