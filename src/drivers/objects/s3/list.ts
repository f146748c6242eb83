import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { checkPrefix, isKey } from '../keys.ts';
import { checkLimit } from '../limits.ts';
import type { ObjectInfo } from '../port.ts';
import { type Bucket, dataRoot } from './bucket.ts';
import { answered } from './errors.ts';

/** What others put beside our objects, and is no key of ours, is passed over: a page may bring less than it holds. */
export async function list(
  bucket: Bucket,
  prefix: string,
  { after = '', limit }: { readonly after?: string; readonly limit: number },
): Promise<ObjectInfo[]> {
  checkPrefix(prefix);
  checkLimit(limit);
  const root = dataRoot(bucket);
  const found: ObjectInfo[] = [];
  let next: { StartAfter?: string; ContinuationToken?: string } | undefined = after ? { StartAfter: root + after } : {};
  while (next && found.length < limit) {
    const command: ListObjectsV2Command = new ListObjectsV2Command({
      Bucket: bucket.name,
      Prefix: root + prefix,
      MaxKeys: limit - found.length,
      // A key of others may hold what XML cannot.
      EncodingType: 'url',
      ...next,
    });
    const page = await answered(bucket.clients.quick.send(command));
    for (const { Key = '', Size: size = 0, LastModified } of page.Contents ?? []) {
      const key = decodeKey(Key).slice(root.length);
      if (isKey(key)) found.push({ key, size, modifiedAt: LastModified ?? new Date(0) });
    }
    next =
      page.IsTruncated && page.NextContinuationToken ? { ContinuationToken: page.NextContinuationToken } : undefined;
  }
  return found;
}

/** A key as a listing in `EncodingType: 'url'` has it; empty where it is no text. */
export function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch {
    return '';
  }
}
