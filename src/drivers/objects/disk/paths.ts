import { join } from 'node:path';

/**
 * Where an object of a key stands below the folder of all objects, and back.
 *
 * `a/b/c/d` stands at `a/{first 8 characters of "b~c~d"}/b~c~d`. The second segment of our keys is a UUIDv7, so that
 * a bucket folder takes what an owner stored within about a minute: no folder grows without end, and none is made for
 * a single object. A key of one segment stands at `~a`. No key has a `~`, so nothing else can have that name, and a
 * folder is never taken for an object. Sorted by the text that they stand for, the names of each level give the keys
 * in the order of their bytes: what stands in a bucket begins with its name, and no other key does.
 */
const BUCKET_LENGTH = 8;

export interface ObjectPath {
  /** Relative to the folder of all objects; empty for that folder itself. */
  readonly folder: string;
  readonly name: string;
}

/** Text of a key, or a part of one, as a file name. */
export const toName = (text: string): string => text.replaceAll('/', '~');

/** The text that a name stands for. */
export const fromName = (name: string): string => name.replaceAll('~', '/');

export function pathOfKey(key: string): ObjectPath {
  const slash = key.indexOf('/');
  if (slash < 0) return { folder: '', name: `~${key}` };
  const rest = toName(key.slice(slash + 1));
  return { folder: join(key.slice(0, slash), rest.slice(0, BUCKET_LENGTH)), name: rest };
}

/** The bucket folder, below the first segment's, in which all keys of this beginning of a rest stand, or undefined where there may be several. */
export function bucketOf(rest: string): string | undefined {
  return rest.length >= BUCKET_LENGTH ? toName(rest.slice(0, BUCKET_LENGTH)) : undefined;
}
