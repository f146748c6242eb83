import type { CallContext } from '../../../base/context.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import { extensionFor } from '../../../base/sniff.ts';
import type { SignedRequest } from '../../../contract/holdfast/v1/common.ts';
import type { NewFile, UploadTarget } from '../../../contract/holdfast/v1/file.ts';
import { checkSize } from '../../../rpc/limits.ts';
import { ownerOf } from '../access.ts';
import type { FilesDeps, FileVerb } from '../deps.ts';
import { toFile } from '../file-rows.ts';
import { invalidField, within } from '../invalid.ts';
import { inboxKey, originalKey } from '../keys.ts';
import { beginParts } from './begin-parts.ts';
import { type Begun, sizeOf, toErrorStatus } from './begun.ts';
import { checkNewFile, checkType } from './check-new-file.ts';
import { confirmToken } from './confirm-token.ts';
import { partCount, partSizeFor } from './part-size.ts';
import { type CheckedReservation, type Reserved, reserveChecked } from './reserve.ts';

const MAX_FILES = 1000;

/**
 * Whatever can be done for all files at once is: their small uploads are signed by one call, and reserved in one unit of
 * work. Each large one is then begun at the store.
 */
export const generateUploadURLs: FileVerb<'generateUploadURLs'> = (deps) => async (request, context) => {
  const ownerId = ownerOf(context, request.ownerId);
  const { length } = request.files;
  if (length < 1 || length > MAX_FILES) throw invalidField('files', `Ask for 1 to ${MAX_FILES} files at a time.`);
  const now = await deps.db.now();
  const planned = request.files.map((file, index) => eachByItself(index, () => plan(deps, file, now)));
  const plans = planned.filter((each): each is CheckedReservation => !(each instanceof HoldfastError));
  const signed = await signWhole(deps, plans, now, context);

  const begun = await deps.db.unit(async (tx) => {
    const reserved = plans.length > 0 ? await reserveChecked(deps, tx, ownerId, plans, now) : [];
    let next = 0;
    const results = planned.map((each, index): Begun => {
      const outcome = each instanceof HoldfastError ? each : (reserved[next++] as Reserved | HoldfastError);
      if (outcome instanceof HoldfastError) {
        return { result: { error: toErrorStatus(each === outcome ? each : within(`files[${index}]`, outcome)) } };
      }
      return { result: toResult(deps, outcome, signed.get(outcome.file.id)), upload: outcome.upload };
    });
    // Too large for a message, it would be lost: then nothing is reserved.
    if (results.length > 1) checkSize(sizeOf(results), 'answer');
    return results;
  });
  await beginParts(deps, begun, context);
  return { results: begun.map(({ result }) => result) };
};

function eachByItself<T>(index: number, check: () => T): T | HoldfastError {
  try {
    return check();
  } catch (error) {
    if (error instanceof HoldfastError) return within(`files[${index}]`, error);
    throw error;
  }
}

function plan({ settings }: FilesDeps, file: NewFile, now: number): CheckedReservation {
  const checked = checkNewFile(file, settings, now);
  checkType(checked.content_type, settings);
  const partSize = partSizeFor(file.size);
  return {
    id: newId(),
    file,
    checked,
    kind: 'presigned',
    hold: file.size,
    declaredSize: file.size,
    partSize,
    keys: (ownerKey, fileId) => {
      const target = originalKey(ownerKey, fileId, extensionFor(checked.content_type));
      // Parts are put together by the server alone, so no signed URL can write the key afterwards.
      return partSize === null ? { source: inboxKey(fileId), target } : { source: target, target };
    },
  };
}

/** The requests of those that one request takes, by file. What is signed and then not reserved is worth nothing. */
async function signWhole(
  { storage, settings }: FilesDeps,
  plans: readonly CheckedReservation[],
  now: number,
  context: CallContext,
): Promise<ReadonlyMap<string, SignedRequest>> {
  const whole = plans.filter(({ partSize }) => partSize === null);
  if (whole.length === 0) return new Map();
  const expiresAt = new Date(now + settings.uploadExpiry);
  const uploads = whole.map(({ id, file: { size }, checked }) => ({
    key: inboxKey(id),
    size,
    contentType: checked.content_type,
    expiresAt,
  }));
  const { requests } = await storage.signUploads({ uploads }, context);
  return new Map(whole.map(({ id }, place) => [id, requests[place] as SignedRequest]));
}

function toResult(
  { confirmKey, publicUrl }: FilesDeps,
  { file, upload }: Reserved,
  request: SignedRequest | undefined,
): Begun['result'] {
  const token = confirmToken(confirmKey, file.id);
  const reached = publicUrl?.()?.replace(/\/$/, '');
  const inParts = upload.part_size === null ? undefined : { partSize: upload.part_size };
  const target: UploadTarget = {
    ...(request && { request }),
    partSize: inParts?.partSize ?? 0,
    partCount: inParts ? partCount(file.size, inParts.partSize) : 0,
    parts: [],
    expiresAt: new Date(upload.expires_at),
    confirmToken: token,
    confirmUrl: reached === undefined ? '' : `${reached}/api/uploads/${file.id}/confirm?token=${token}`,
  };
  return { file: toFile(file), upload: target };
}
