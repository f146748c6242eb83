import { rmdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../../../base/errors.ts';
import { checkKey } from '../keys.ts';
import { type Disk, locate } from './disk.ts';
import { storeErrors } from './errors.ts';

/** Files unlinked at once. */
const AT_ONCE = 16;

/** Deletes objects, and the folders that they leave empty. */
export function remove(disk: Disk, keys: readonly string[]): Promise<void> {
  return storeErrors(async () => {
    for (const key of keys) checkKey(key);
    for (let first = 0; first < keys.length; first += AT_ONCE) {
      const located = keys.slice(first, first + AT_ONCE).map((key) => locate(disk, key));
      await Promise.all(located.map(({ path }) => removeObject(disk, path)));
      const folders = [...new Set(located.map(({ folder }) => folder))];
      await Promise.all(folders.map((folder) => disk.folders.sync(folder)));
      for (const folder of folders) await removeEmpty(disk, folder);
    }
  });
}

async function removeObject(disk: Disk, path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (isMissing(error)) return;
    // What a folder answers: EISDIR on Linux, EPERM elsewhere.
    if (!['EISDIR', 'EPERM'].includes(errnoOf(error) ?? '')) throw error;
    await disk.temporary.discard(path);
  }
}

/** Removes a folder, and those above it, where they are empty. Whoever puts something there makes it again. */
export async function removeEmpty(disk: Disk, folder: string): Promise<void> {
  for (let at = folder; at !== disk.objects; at = dirname(at)) {
    try {
      await rmdir(at);
    } catch (error) {
      if (isMissing(error)) continue;
      // ENOTEMPTY or EEXIST: it is in use, which is the rule. An empty folder that stays does no harm.
      return;
    }
  }
}

const isMissing = (error: unknown): boolean => errnoOf(error) === 'ENOENT';
