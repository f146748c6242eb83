import type { Selectable } from 'kysely';
import type { CallContext } from '../../../base/context.ts';
import { HoldfastError, hasCode } from '../../../base/errors.ts';
import type { ReceivedPart } from '../../../contract/holdfast/v1/file.ts';
import type { FilesDeps } from '../deps.ts';
import { invalidField } from '../invalid.ts';
import type { UploadsTable } from '../tables.ts';
import { checkType } from './check-new-file.ts';
import type { Evidence } from './complete.ts';
import { type ConfirmLease, renewLease } from './confirm-lease.ts';
import { checkEvidence } from './finish.ts';
import { partCount } from './part-size.ts';

export type ConfirmedUpload = Selectable<UploadsTable>;

/** Up to here the whole object is hashed at confirm; above, only where a hash was declared. Bytes. */
const HASH_LIMIT = 256 * 1024 ** 2;

/** A confirm under way. */
interface Confirming {
  readonly upload: ConfirmedUpload;
  readonly lease: ConfirmLease;
  /** What the client believes it sent; empty: whatever the store has. */
  readonly claimed: readonly ReceivedPart[];
}

/**
 * Brings what was sent to its final key, and looks at it: the length must equal what was declared, the hash must match
 * where one was given, and the type comes from the bytes. What does not fit is deleted, so that it can be sent again.
 */
export async function verifyBytes(deps: FilesDeps, confirming: Confirming, context: CallContext): Promise<Evidence> {
  const { upload, claimed } = confirming;
  if (upload.multipart_id !== null) await putTogether(deps, upload, upload.multipart_id, claimed, context);
  await moveFromInbox(deps, confirming, context);
  const found = await inspect(deps, upload, upload.target_key, context);
  if (!found) throw new HoldfastError('upload_not_complete', 'No bytes have come yet. Send them, then confirm again.');
  try {
    checkEvidence(upload, found);
    checkType(found.contentType, deps.settings);
  } catch (error) {
    await discard(deps, confirming, context);
    throw error;
  }
  return found;
}

/**
 * Deletes what was brought to the final key. Whoever was held up until another took over deletes nothing: what stands
 * there now may be confirmed. What came to the source meanwhile is for the next confirm.
 */
async function discard(deps: FilesDeps, { upload, lease }: Confirming, context: CallContext): Promise<void> {
  await renewLease(deps, lease);
  await deps.storage.deleteObjects({ keys: [upload.target_key], prefixes: [] }, context);
}

/**
 * Before anything is looked at: on some stores a signed URL goes on writing the source, and what was looked at there
 * could change. Where there is no source, nothing has come, or an earlier confirm died between this and its transaction.
 *
 * Where it died and the bytes were sent again since, there is a conflict, and those that came last are taken: whoever
 * sent them has heard that they arrived, and a confirm that kept the first would make a file of others in silence. No row
 * refers to the first yet.
 */
async function moveFromInbox(deps: FilesDeps, confirming: Confirming, context: CallContext): Promise<void> {
  const { source_key: from, target_key: to } = confirming.upload;
  if (from === to) return;
  const move = () =>
    deps.storage.moveObject({ from, to }, context).catch((error) => {
      if (!hasCode(error, 'not_found')) throw error;
    });
  try {
    await move();
  } catch (error) {
    if (!hasCode(error, 'conflict')) throw error;
    await discard(deps, confirming, context);
    await move();
  }
}

async function inspect({ storage }: FilesDeps, upload: ConfirmedUpload, key: string, context: CallContext) {
  try {
    const hash = upload.declared_sha256 !== null || (upload.declared_size ?? 0) <= HASH_LIMIT;
    const object = await storage.inspectObject({ key, contentType: upload.declared_type, hash }, context);
    return { size: object.size, sha256: object.sha256 ?? null, contentType: object.contentType };
  } catch (error) {
    if (hasCode(error, 'not_found')) return undefined;
    throw error;
  }
}

async function putTogether(
  { storage }: FilesDeps,
  upload: ConfirmedUpload,
  multipartId: string,
  claimed: readonly ReceivedPart[],
  context: CallContext,
): Promise<void> {
  const key = upload.source_key;
  const { parts } = await storage.listParts({ key, multipartId }, context);
  // The store forgets the parts once they are put together: an earlier confirm got so far.
  if (parts.length === 0) return;
  const size = upload.declared_size as number;
  const partSize = upload.part_size as number;
  const count = partCount(size, partSize);
  const missing = missingParts(parts, count);
  if (missing.length > 0) {
    throw new HoldfastError(
      'upload_not_complete',
      `Of ${count} parts, these have not come: ${summary(missing)}. Send them, then confirm again.`,
    );
  }
  const wrong = parts.find((part) => part.size !== (part.number < count ? partSize : size - partSize * (count - 1)));
  if (wrong)
    throw new HoldfastError('upload_not_complete', `Part ${wrong.number} has ${wrong.size} bytes; send it again.`);
  const byNumber = new Map(parts.map((part) => [part.number, part]));
  for (const [index, { number, size, etag }] of claimed.entries()) {
    const part = byNumber.get(number);
    if (!part) throw invalidField(`parts[${index}].number`, `The upload has ${count} parts.`);
    if ((etag !== '' && part.etag !== bare(etag)) || (size !== 0 && part.size !== size)) {
      throw new HoldfastError('upload_not_complete', `Part ${number} is not the one you named; send it again.`);
    }
  }
  await storage.completeMultipart({ key, multipartId, parts }, context);
}

/** HTTP puts an ETag in quotes (RFC 9110, 8.8.3), the store does not. */
const bare = (etag: string): string => etag.replace(/^"(.*)"$/, '$1');

function missingParts(parts: readonly ReceivedPart[], count: number): number[] {
  const have = new Set(parts.map((part) => part.number));
  return Array.from({ length: count }, (_, index) => index + 1).filter((number) => !have.has(number));
}

const summary = (numbers: readonly number[]) =>
  numbers.length > 10 ? `${numbers.slice(0, 10).join(', ')} and ${numbers.length - 10} more` : numbers.join(', ');
