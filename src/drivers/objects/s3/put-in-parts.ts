import type { Readable } from 'node:stream';
import { UploadPartCommand } from '@aws-sdk/client-s3';
import { HoldfastError } from '../../../base/errors.ts';
import { taken } from '../body.ts';
import { MAX_PARTS } from '../limits.ts';
import { at, type Bucket } from './bucket.ts';
import { type CompletedPart, complete } from './complete.ts';
import { answered } from './errors.ts';
import { withGrace } from './grace.ts';
import { beginUpload, discardUpload } from './multipart.ts';
import { partLengthAt } from './part-lengths.ts';
import type { PartsReader } from './parts-reader.ts';
import { find, type MarkedPutOptions, type Stored } from './stored.ts';
import { undo } from './undo.ts';

interface Parts {
  readonly reader: PartsReader;
  /** What was read of it already. */
  readonly first: Buffer;
  /** What the reader reads. */
  readonly body: Readable;
}

/** While a part is on its way, the next is read: two are in memory, and no more. */
export async function putInParts(
  bucket: Bucket,
  key: string,
  { reader, first, body }: Parts,
  { contentType, size, signal, write }: MarkedPutOptions,
): Promise<void> {
  // Looked at before a long body is read; what counts is the look when it is put together.
  if (await find(bucket, key, signal)) throw taken();
  const uploadId = await withGrace(signal, (late) => beginUpload(bucket, key, { contentType, write, signal: late }));
  const failed = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  let isCompleting = false;
  const parts: CompletedPart[] = [];
  let sending: Promise<void> | undefined;
  try {
    const sendPart = async (piece: Buffer) => {
      const number = parts.length + 1;
      if (number > MAX_PARTS) throw new HoldfastError('too_large', 'The object store takes no object of this size.');
      const command = new UploadPartCommand({
        ...at(bucket, key),
        UploadId: uploadId,
        PartNumber: number,
        Body: piece,
        ContentLength: piece.length,
      });
      const { ETag } = await answered(bucket.clients.quick.send(command, { abortSignal: stop }));
      parts.push({ number, etag: ETag });
      reader.reuse(piece);
    };
    for (let piece = first; ; ) {
      await sending;
      signal?.throwIfAborted();
      sending = sendPart(piece);
      // The body is not waited for when there is no use in it any more.
      sending.catch((error: unknown) => body.destroy(error as Error));
      if (reader.ended) break;
      piece = await reader.next(partLengthAt(parts.length + 2, bucket.sizes.part, size));
    }
    await sending;
    signal?.throwIfAborted();
    isCompleting = true;
    const isOurs = (found: Stored) => found.write === write;
    await withGrace(signal, (late) => complete(bucket, key, uploadId, parts, { isOurs, signal: late }));
    signal?.throwIfAborted();
  } catch (error) {
    failed.abort();
    const refusal = await sending?.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    await discardUpload(bucket, key, uploadId);
    // Putting together may have been done, and its answer been lost.
    if (isCompleting) await undo(bucket, key, write);
    // A part that failed ends the body, whose error then says nothing.
    throw refusal === undefined || (refusal as Error).name === 'AbortError' ? error : refusal;
  }
}
