import { CopyObjectCommand, UploadPartCopyCommand } from '@aws-sdk/client-s3';
import { at, type Bucket, quoted, sourceAt } from './bucket.ts';
import { type CompletedPart, complete } from './complete.ts';
import { isUnknown } from './errors.ts';
import { get } from './get.ts';
import { beginUpload, discardUpload } from './multipart.ts';
import { put } from './put.ts';
import { markOf, type Stored } from './stored.ts';

/** Parts that the store copies at once. */
const AT_ONCE = 4;

/** Copies an object within the store, marked as a write. Throws the store's own errors. */
export async function copy(bucket: Bucket, source: Stored, to: string, write: string): Promise<void> {
  try {
    if (source.size > bucket.sizes.copyAtOnce) await copyInParts(bucket, source, to, write);
    else await copyAtOnce(bucket, source, to, write);
  } catch (error) {
    // Ceph copies no encrypted objects.
    if (!isUnknown(error)) throw error;
    await copyThrough(bucket, source, to, write);
  }
}

async function copyAtOnce(bucket: Bucket, source: Stored, to: string, write: string): Promise<void> {
  const send = (condition: { IfNoneMatch?: '*' }) =>
    bucket.clients.patient.send(
      new CopyObjectCommand({
        ...at(bucket, to),
        ...from(bucket, source),
        ...bucket.encryption,
        ...markOf(write),
        ...condition,
        MetadataDirective: 'REPLACE',
        ...(source.contentType !== undefined && { ContentType: source.contentType }),
      }),
    );
  await send({ IfNoneMatch: '*' }).catch((error: unknown) => {
    // Some know the condition of a PUT, and not that of a copy.
    if (isUnknown(error)) return send({});
    throw error;
  });
}

/** For a store that cannot: the bytes go through here. */
async function copyThrough(
  bucket: Bucket,
  { key, size, contentType }: Stored,
  to: string,
  write: string,
): Promise<void> {
  const { stream } = await get(bucket, key);
  await put(bucket, to, stream, { size, ...(contentType !== undefined && { contentType }) }, write);
}

const from = (bucket: Bucket, source: Stored) => ({
  CopySource: sourceAt(bucket, source.key),
  ...(source.etag !== undefined && { CopySourceIfMatch: quoted(source.etag) }),
});

async function copyInParts(bucket: Bucket, source: Stored, to: string, write: string): Promise<void> {
  const { contentType, size } = source;
  const uploadId = await beginUpload(bucket, to, { contentType, write });
  const failed = new AbortController();
  try {
    const parts: CompletedPart[] = [];
    const ranges = rangesOf(size, bucket.sizes.copyPart);
    const copyNext = async (): Promise<void> => {
      for (let range = ranges.next(); !range.done; range = ranges.next()) {
        const { number, first, last } = range.value;
        const command = new UploadPartCopyCommand({
          ...at(bucket, to),
          ...from(bucket, source),
          UploadId: uploadId,
          PartNumber: number,
          CopySourceRange: `bytes=${first}-${last}`,
        });
        const { CopyPartResult } = await bucket.clients.patient.send(command, { abortSignal: failed.signal });
        parts[number - 1] = { number, etag: CopyPartResult?.ETag };
      }
    };
    await allOrFirstError(Array.from({ length: AT_ONCE }, copyNext), () => failed.abort());
    const isOurs = (found: Stored) => found.write === write;
    // Another who moves the same may have come first, with an upload of his own.
    if (!(await complete(bucket, to, uploadId, parts, { isOurs }))) await discardUpload(bucket, to, uploadId);
  } catch (error) {
    await discardUpload(bucket, to, uploadId);
    throw error;
  }
}

function* rangesOf(size: number, length: number) {
  for (let first = 0, number = 1; first < size; first += length, number++) {
    yield { number, first, last: Math.min(first + length, size) - 1 };
  }
}

/** Waits for all of them, those included that are under way when one fails. */
async function allOrFirstError(tasks: readonly Promise<void>[], stop: () => void): Promise<void> {
  const outcomes = await Promise.allSettled(
    tasks.map((task) =>
      task.catch((error: unknown) => {
        stop();
        throw error;
      }),
    ),
  );
  const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  const reason = reasons.find((one) => (one as Error).name !== 'AbortError') ?? reasons[0];
  if (reason !== undefined) throw reason;
}
