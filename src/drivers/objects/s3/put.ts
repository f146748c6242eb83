import { Readable } from 'node:stream';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { newId } from '../../../base/ids.ts';
import { taken, wrongSize } from '../body.ts';
import { checkKey } from '../keys.ts';
import type { ObjectInfo, PutOptions } from '../port.ts';
import { at, type Bucket } from './bucket.ts';
import { attemptsOf, isCollision, isRefused, toStoreError } from './errors.ts';
import { withGrace } from './grace.ts';
import { partLengthAt } from './part-lengths.ts';
import { PartsReader } from './parts-reader.ts';
import { putInParts } from './put-in-parts.ts';
import { find, type MarkedPutOptions, markOf } from './stored.ts';
import { undo } from './undo.ts';

/**
 * One request for what fits into one part, which is most of what there is, and parts for what is longer: a single PUT
 * wants the length beforehand, and would have to begin again from a body that is gone.
 */
export async function put(
  bucket: Bucket,
  key: string,
  body: Readable | Uint8Array,
  options: PutOptions = {},
  write = newId(),
): Promise<ObjectInfo> {
  const { size, signal } = options;
  const abort = () => {
    if (body instanceof Readable) body.destroy(signal?.reason);
  };
  signal?.addEventListener('abort', abort, { once: true });
  try {
    checkKey(key);
    signal?.throwIfAborted();
    if (!(body instanceof Readable)) {
      if (size !== undefined && size !== body.length) throw wrongSize(size);
      await putAtOnce(bucket, key, body, { ...options, write });
      return { key, size: body.length, modifiedAt: new Date() };
    }
    const reader = new PartsReader(body, size);
    const first = await reader.next(partLengthAt(1, bucket.sizes.part, size));
    signal?.throwIfAborted();
    if (reader.ended) await putAtOnce(bucket, key, first, { ...options, write });
    else await putInParts(bucket, key, { reader, first, body }, { ...options, write });
    return { key, size: reader.size, modifiedAt: new Date() };
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    if (body instanceof Readable) body.destroy();
  }
}

/** How often a write is tried that another's at the same moment came in the way of. */
const COLLISIONS = 3;

/**
 * The request is let come to its end even when it is aborted: only then it is known whether there is an object to be
 * taken away again.
 */
async function putAtOnce(
  bucket: Bucket,
  key: string,
  bytes: Uint8Array,
  { contentType, signal, write }: MarkedPutOptions,
): Promise<void> {
  if (!bucket.conditional && (await find(bucket, key, signal))) throw taken();
  try {
    await withGrace(signal, (late) => send(bucket, key, bytes, { write, contentType, signal: late }));
  } catch (error) {
    if (!isRefused(error) && !isCollision(error)) {
      await undo(bucket, key, write);
      throw toStoreError(error);
    }
    // A try before may have written it, and its answer been lost.
    const isOurs = attemptsOf(error) > 1 && (await find(bucket, key))?.write === write;
    if (!isOurs) throw taken(error);
  }
  if (signal?.aborted) {
    await undo(bucket, key, write);
    throw signal.reason;
  }
}

async function send(
  bucket: Bucket,
  key: string,
  bytes: Uint8Array,
  { write, contentType, signal }: MarkedPutOptions,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await bucket.clients.quick.send(
        new PutObjectCommand({
          ...at(bucket, key),
          ...bucket.encryption,
          ...markOf(write),
          Body: bytes,
          ContentLength: bytes.length,
          ...(contentType !== undefined && { ContentType: contentType }),
          ...(bucket.conditional && { IfNoneMatch: '*' }),
        }),
        signal ? { abortSignal: signal } : {},
      );
      return;
    } catch (error) {
      if (!isCollision(error) || attempt === COLLISIONS) throw error;
    }
  }
}
