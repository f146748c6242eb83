import { isId } from '../../base/ids.ts';
import { fileOfInboxKey } from '../../base/inbox-key.ts';

export { inboxKey } from '../../base/inbox-key.ts';

/*
 * The keys of objects. `in/{fileId}` is where a signed request puts the bytes of an upload; everything else stands
 * under `{ownerKey}/{fileId}/` and was never signed.
 */

export const originalKey = (ownerKey: string, fileId: string, extension: string): string =>
  `${ownerKey}/${fileId}/original.${extension}`;

/** Without its extension. `claim` is the number of the claim it is made under, so that no two write one key. */
export const variantKeyStem = (ownerKey: string, fileId: string, type: string, claim: number): string =>
  `${ownerKey}/${fileId}/${type}-${claim}`;

/** All objects of a file but its inbox. */
export const filePrefix = (ownerKey: string, fileId: string): string => `${ownerKey}/${fileId}/`;

/** The file that a key of our own pattern belongs to; undefined for any other key, which is none of our business. */
export function fileOfKey(key: string): string | undefined {
  const arriving = fileOfInboxKey(key);
  if (arriving !== undefined) return arriving;
  const segments = key.split('/');
  const [ownerKey, fileId, name] = segments;
  const ours =
    segments.length === 3 &&
    isId(ownerKey as string) &&
    isId(fileId as string) &&
    /^[a-z0-9_-]+\.[a-z0-9]+$/.test(name as string);
  return ours ? fileId : undefined;
}

/** Changes with the bytes, because keys are written once; tells nothing of the owner. */
export const etagOfKey = (key: string): string => key.slice(key.indexOf('/') + 1).replaceAll('/', '-');
