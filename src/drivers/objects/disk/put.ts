import { link, unlink } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { errnoOf, HoldfastError } from '../../../base/errors.ts';
import { taken } from '../body.ts';
import { checkKey } from '../keys.ts';
import type { ObjectInfo, PutOptions } from '../port.ts';
import { type Disk, locate } from './disk.ts';
import { toStoreError } from './errors.ts';
import { exists } from './exists.ts';
import { writeFile } from './write-file.ts';

/**
 * Written under a name that nobody looks for, made durable, and given its own name by a hard link: unlike a rename, a
 * link never takes the place of another file.
 */
export async function put(
  disk: Disk,
  key: string,
  body: Readable | Uint8Array,
  options: PutOptions = {},
): Promise<ObjectInfo> {
  const temporary = disk.temporary.path();
  try {
    checkKey(key);
    const { folder, path } = locate(disk, key);
    // Looked at before a body is read that may be long; what counts is the link.
    if (body instanceof Readable && (await exists(path))) throw taken();
    const size = await writeFile(temporary, body, options);
    try {
      await disk.folders.enter(folder, () => link(temporary, path));
    } finally {
      await unlink(temporary).catch(() => undefined);
    }
    await disk.folders.sync(folder).catch(async (error: unknown) => {
      await unlink(path).catch(() => undefined);
      throw error;
    });
    return { key, size, modifiedAt: new Date() };
  } catch (error) {
    if (body instanceof Readable) body.destroy();
    throw toPutError(error);
  }
}

function toPutError(error: unknown): unknown {
  switch (errnoOf(error)) {
    case 'EEXIST':
      return taken();
    case 'ENOENT':
      return new HoldfastError('unavailable', 'The object could not be stored. Try again.', { cause: error });
    default:
      return toStoreError(error);
  }
}
