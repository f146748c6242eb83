import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { checkKey } from '../keys.ts';
import type { ObjectInfo, PutOptions } from '../port.ts';
import { at, type Bucket, bareEtag } from './bucket.ts';
import { isGone, toStoreError } from './errors.ts';

/** Name of the metadata that says which write made an object. */
const WRITE = 'holdfast-write';

/** An object as it stands in the store. */
export interface Stored extends ObjectInfo {
  readonly etag: string | undefined;
  readonly contentType: string | undefined;
  /** The write that made it; undefined for what was put by a signed request. */
  readonly write: string | undefined;
}

/**
 * Marks what a write makes. When an answer was lost, or somebody else stands under the key, it tells whether the object
 * is the one that this write has made.
 */
export const markOf = (write: string): { Metadata: Record<string, string> } => ({ Metadata: { [WRITE]: write } });

export interface MarkedPutOptions extends PutOptions {
  readonly write: string;
}

/** Undefined where the key holds nothing. */
export async function find(bucket: Bucket, key: string, signal?: AbortSignal): Promise<Stored | undefined> {
  checkKey(key);
  const options = signal ? { abortSignal: signal } : {};
  try {
    const found = await bucket.clients.quick.send(new HeadObjectCommand(at(bucket, key)), options);
    return {
      key,
      size: found.ContentLength ?? 0,
      modifiedAt: found.LastModified ?? new Date(0),
      etag: bareEtag(found.ETag),
      contentType: found.ContentType,
      write: found.Metadata?.[WRITE],
    };
  } catch (error) {
    if (isGone(error)) return undefined;
    signal?.throwIfAborted();
    throw toStoreError(error);
  }
}

export async function head(bucket: Bucket, key: string): Promise<ObjectInfo | undefined> {
  const found = await find(bucket, key);
  return found && { key, size: found.size, modifiedAt: found.modifiedAt };
}
