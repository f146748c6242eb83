import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { CompleteMultipartUploadCommand } from '@aws-sdk/client-s3';
import { HoldfastError } from '../../../base/errors.ts';
import { taken } from '../body.ts';
import type { PartInfo } from '../port.ts';
import { at, type Bucket } from './bucket.ts';
import { isCollision, isGone, isRefused, isUnknown, toStoreError } from './errors.ts';
import { findParts, type ListedPart } from './multipart.ts';
import { find, type Stored } from './stored.ts';

/** A part as it is named at completion. */
export interface CompletedPart {
  readonly number: number;
  /** As the store gave it. */
  readonly etag: string | undefined;
}

interface Completion {
  /** Whether an object that stands under the key is the one that this upload makes. */
  readonly isOurs: (found: Stored) => boolean;
  readonly signal?: AbortSignal;
}

const COLLISIONS = 3;

/**
 * Puts the parts together, once: where the object is there already because somebody else, or an earlier try, has done
 * it, it is done. Throws `conflict` for another's object, `not_found` where neither upload nor object is.
 *
 * Answers false where another upload may have made the object, and this one may still be there.
 *
 * Not every store keeps to the condition here. There the look beforehand has to do, which is enough for keys that are
 * given out but once.
 */
export async function complete(
  bucket: Bucket,
  key: string,
  uploadId: string,
  parts: readonly CompletedPart[],
  { isOurs, signal }: Completion,
): Promise<boolean> {
  let condition: { IfNoneMatch?: '*' } = { IfNoneMatch: '*' };
  for (let attempt = 1; ; attempt++) {
    const before = await find(bucket, key, signal);
    if (before) {
      await settle(bucket, key, uploadId, before, isOurs);
      return attempt > 1;
    }
    try {
      await bucket.clients.patient.send(
        new CompleteMultipartUploadCommand({
          ...at(bucket, key),
          UploadId: uploadId,
          ...condition,
          MultipartUpload: { Parts: parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })) },
        }),
        signal ? { abortSignal: signal } : {},
      );
      return true;
    } catch (error) {
      signal?.throwIfAborted();
      const isDecided = isGone(error) || isRefused(error);
      const after = isDecided ? await find(bucket, key) : undefined;
      if (after && !isGone(error)) await settle(bucket, key, uploadId, after, isOurs);
      if (after) return isGone(error);
      // Some say that they do not know it.
      if (isUnknown(error)) condition = {};
      const mayPass = isCollision(error) || isRefused(error) || isUnknown(error);
      if (!mayPass || attempt === COLLISIONS) throw toStoreError(error);
    }
  }
}

/** How often, and in how many milliseconds, it is looked whether somebody else is just completing the upload. */
const LOOKS = 8;
const BETWEEN = 250;

/** There is an object. It is ours where it looks like it, or where the upload is gone in a moment: then it became it. */
async function settle(
  bucket: Bucket,
  key: string,
  uploadId: string,
  found: Stored,
  isOurs: (found: Stored) => boolean,
): Promise<void> {
  if (isOurs(found)) return;
  for (let look = 1; look <= LOOKS; look++) {
    if (!(await findParts(bucket, key, uploadId))) return;
    await wait(BETWEEN);
  }
  throw taken();
}

export async function completeMultipart(
  bucket: Bucket,
  key: string,
  multipartId: string,
  parts: readonly PartInfo[],
): Promise<void> {
  const listed = await findParts(bucket, key, multipartId);
  if (!listed) {
    if (await find(bucket, key)) return;
    throw new HoldfastError('not_found', 'There is no such multipart upload.');
  }
  const chosen = chooseParts(listed, parts);
  const size = chosen.reduce((sum, part) => sum + part.size, 0);
  const etag = etagOf(chosen);
  await complete(
    bucket,
    key,
    multipartId,
    chosen.map(({ number, rawEtag }) => ({ number, etag: rawEtag })),
    { isOurs: (found) => etag !== undefined && found.etag === etag && found.size === size },
  );
}

function chooseParts(listed: readonly ListedPart[], parts: readonly PartInfo[]): ListedPart[] {
  const byNumber = new Map(listed.map((part) => [part.number, part]));
  let before = 0;
  const chosen = parts.map(({ number, size, etag }) => {
    const part = byNumber.get(number);
    if (part?.size !== size || part.etag !== etag || number <= before) {
      throw new HoldfastError('upload_not_complete', `Part ${number} is not there as it is named. Send it again.`);
    }
    before = number;
    return part;
  });
  if (chosen.length === 0) {
    throw new HoldfastError('upload_not_complete', 'An upload in parts needs at least one part.');
  }
  return chosen;
}

/**
 * The ETag of an object of these parts, as stores make it: the MD5 of the parts' MD5s, and their count. Undefined where
 * the parts' ETags are no MD5s.
 */
function etagOf(parts: readonly PartInfo[]): string | undefined {
  if (!parts.every(({ etag }) => /^[0-9a-f]{32}$/.test(etag))) return undefined;
  const hash = createHash('md5');
  for (const { etag } of parts) hash.update(etag, 'hex');
  return `${hash.digest('hex')}-${parts.length}`;
}
