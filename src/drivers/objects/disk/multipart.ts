import { mkdir, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { errnoOf, HoldfastError } from '../../../base/errors.ts';
import { isId, newId, timeOfId } from '../../../base/ids.ts';
import { checkKey, isKey } from '../keys.ts';
import { MAX_LISTED } from '../limits.ts';
import type { PartInfo, SignedGrant } from '../port.ts';
import { isMadeOf } from './composite.ts';
import { type Disk, locate } from './disk.ts';
import { storeErrors, toStoreError } from './errors.ts';
import { currentParts, newEtag, partFile } from './parts.ts';
import { fromName, toName } from './paths.ts';
import { smallest } from './smallest.ts';
import { writeFile } from './write-file.ts';

/**
 * A multipart upload is a folder with a file for each part. Its name holds all that there is to know of it: its id, a
 * UUIDv7 and so the time at which it began, and its key.
 */
export function uploadFolder(disk: Disk, key: string, multipartId: string): string {
  checkKey(key);
  if (!isId(multipartId)) throw new HoldfastError('invalid_request', 'This is not the id of a multipart upload.');
  return join(disk.uploads, `${multipartId}~${toName(key)}`);
}

export function createMultipart(disk: Disk, key: string): Promise<string> {
  return storeErrors(async () => {
    const id = newId();
    await mkdir(uploadFolder(disk, key, id), { mode: 0o700 });
    await disk.folders.sync(disk.uploads);
    return id;
  });
}

export async function putPart(
  disk: Disk,
  { key, multipartId, number, size }: Extract<SignedGrant, { action: 'put-part' }>,
  body: Readable,
  signal: AbortSignal,
): Promise<PartInfo> {
  const temporary = disk.temporary.path();
  try {
    const folder = uploadFolder(disk, key, multipartId);
    await stat(folder);
    await writeFile(temporary, body, { size, signal });
    // A completion that died may have left the upload: what comes now would never be part of the object.
    if (await isMadeOf(locate(disk, key).path, multipartId)) throw closed();
    const part = partFile(number, newEtag(), size);
    await rename(temporary, join(folder, part.name));
    await disk.folders.sync(folder);
    await removeEarlier(folder, part);
    return { number, size, etag: part.etag };
  } catch (error) {
    body.destroy();
    await unlink(temporary).catch(() => undefined);
    if (errnoOf(error) !== 'ENOENT') throw toStoreError(error);
    throw closed(error);
  }
}

const closed = (cause?: unknown): HoldfastError =>
  new HoldfastError('upload_closed', 'This upload takes no more parts.', { cause });

/** Deletes what the part replaces. Another that is put at the same time and ends later replaces both. */
async function removeEarlier(folder: string, part: PartInfo): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const prefix = partFile(part.number, '', 0).name.slice(0, 6);
  for (const name of names) {
    const isEarlier = name.startsWith(prefix) && name < `${prefix}${part.etag}`;
    if (isEarlier) await unlink(join(folder, name)).catch(() => undefined);
  }
}

export function listParts(disk: Disk, key: string, multipartId: string): Promise<PartInfo[]> {
  return storeErrors(async () => {
    if (!isId(multipartId)) return [];
    const names = await readdir(uploadFolder(disk, key, multipartId)).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    });
    return currentParts(names).map(({ number, size, etag }) => ({ number, size, etag }));
  });
}

export function abortMultipart(disk: Disk, key: string, multipartId: string): Promise<void> {
  return storeErrors(async () => {
    // An upload that was begun in another kind of store, before its rows came here.
    if (!isId(multipartId)) return;
    await disk.temporary.discard(uploadFolder(disk, key, multipartId));
    await disk.folders.sync(disk.uploads);
  });
}

export function listMultipart(disk: Disk, before: Date): Promise<{ key: string; multipartId: string }[]> {
  return storeErrors(async () => {
    const found = await smallest(disk.uploads, MAX_LISTED, ({ name }) => {
      const upload = parseUploadName(name);
      return upload && timeOfId(upload.multipartId) < before.getTime() ? name : undefined;
    });
    return found.flatMap(({ name }) => parseUploadName(name) ?? []);
  });
}

/** Undefined for the name of what is no upload of ours. */
function parseUploadName(name: string): { key: string; multipartId: string } | undefined {
  const tilde = name.indexOf('~');
  const multipartId = name.slice(0, Math.max(tilde, 0));
  const key = fromName(name.slice(tilde + 1));
  return isId(multipartId) && isKey(key) ? { key, multipartId } : undefined;
}
