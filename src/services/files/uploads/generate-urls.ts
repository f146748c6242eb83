import type { CallContext } from '../../../base/context.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import { extensionFor } from '../../../base/sniff.ts';
import type { GenerateUploadURLsResponse, NewFile } from '../../../contract/holdfast/v1/file.ts';
import { checkSize } from '../../../rpc/limits.ts';
import { ownerOf } from '../access.ts';
import type { FilesDeps, FileVerb } from '../deps.ts';
import { toFile } from '../file-rows.ts';
import { invalidField, within } from '../invalid.ts';
import { inboxKey, originalKey } from '../keys.ts';
import { answerAgain } from './answer-again.ts';
import { freeKey, type HeldKey, settleKey, takeKey } from './answer-once.ts';
import { beginParts } from './begin-parts.ts';
import { type Begun, sizeOf, toErrorStatus } from './begun.ts';
import { checkNewFile, checkType } from './check-new-file.ts';
import { noteFiles } from './idempotency.ts';
import { partSizeFor } from './part-size.ts';
import { type CheckedReservation, type Reserved, reserveChecked } from './reserve.ts';
import { signWhole, targetOf, type WholeUpload } from './upload-target.ts';

const MAX_FILES = 1000;

export const generateUploadURLs: FileVerb<'generateUploadURLs'> = (deps) => async (request, context) => {
  const ownerId = ownerOf(context, request.ownerId);
  const { length } = request.files;
  if (length < 1 || length > MAX_FILES) throw invalidField('files', `Ask for 1 to ${MAX_FILES} files at a time.`);
  if (request.idempotencyKey === undefined) {
    return { results: await begin(deps, { ownerId, files: request.files }, context), replayed: false };
  }

  const key = await takeKey(deps, ownerId, request, context);
  if ('errors' in key) return { results: await answerAgain(deps, key, length, context), replayed: true };
  try {
    const results = await begin(deps, { ownerId, files: request.files, key }, context);
    await settleKey(deps, key, results);
    return { results, replayed: false };
  } catch (error) {
    await freeKey(deps, key).catch((err) => context.log.warn({ err }, 'an idempotency key could not be freed'));
    throw error;
  }
};

type Result = GenerateUploadURLsResponse['results'][number];

interface Asked {
  readonly ownerId: string;
  readonly files: readonly NewFile[];
  readonly key?: HeldKey;
}

/**
 * Whatever can be done for all files at once is: their small uploads are signed by one call, and reserved in one unit of
 * work. Each large one is then begun at the store.
 */
async function begin(deps: FilesDeps, { ownerId, files, key }: Asked, context: CallContext): Promise<Result[]> {
  const now = await deps.db.now();
  const planned = files.map((file, index) => eachByItself(index, () => plan(deps, file, now)));
  const plans = planned.filter((each): each is CheckedReservation => !(each instanceof HoldfastError));
  const signed = await signWhole(deps, wholeOf(deps, plans, now), context);

  const begun = await deps.db.unit(async (tx) => {
    const reserved = plans.length > 0 ? await reserveChecked(deps, tx, ownerId, plans, now) : [];
    let next = 0;
    const results = planned.map((each, index): Begun => {
      const outcome = each instanceof HoldfastError ? each : (reserved[next++] as Reserved | HoldfastError);
      if (outcome instanceof HoldfastError) {
        return { result: { error: toErrorStatus(each === outcome ? each : within(`files[${index}]`, outcome)) } };
      }
      const { file, upload } = outcome;
      return { result: { file: toFile(file), upload: targetOf(deps, upload, signed.get(file.id)) }, upload };
    });
    // Too large for a message, it would be lost: then nothing is reserved.
    if (results.length > 1) checkSize(sizeOf(results), 'answer');
    if (key) await noteFiles(tx, key.id, placesOf(results));
    return results;
  });
  await beginParts(deps, begun, context);
  return begun.map(({ result }) => result);
}

const placesOf = (begun: readonly Begun[]) =>
  begun.flatMap(({ upload }, part) => (upload ? [{ part, fileId: upload.file_id }] : []));

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

/** Those of the plans that one request takes. What is signed and then not reserved is worth nothing. */
const wholeOf = ({ settings }: FilesDeps, plans: readonly CheckedReservation[], now: number): WholeUpload[] =>
  plans
    .filter(({ partSize }) => partSize === null)
    .map(({ id, file: { size }, checked }) => ({
      id,
      key: inboxKey(id),
      size,
      contentType: checked.content_type,
      expiresAt: new Date(now + settings.uploadExpiry),
    }));
