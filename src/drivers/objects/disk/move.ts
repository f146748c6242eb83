import { link, rename, stat, unlink } from 'node:fs/promises';
import { errnoOf, HoldfastError } from '../../../base/errors.ts';
import { checkKey } from '../keys.ts';
import { type Disk, locate } from './disk.ts';
import { storeErrors } from './errors.ts';
import { removeEmpty } from './remove.ts';

/**
 * A second link under the new key, and when that is durable the first is taken away. Stopped between the two, the
 * object stands under both keys, and doing it again goes on from there.
 */
export function move(disk: Disk, from: string, to: string): Promise<void> {
  return storeErrors(async () => {
    checkKey(from);
    checkKey(to);
    const source = locate(disk, from);
    const target = locate(disk, to);
    if (from === to) return finishMoved(target.path);
    await linkOrRename(disk, source.path, target);
    await disk.folders.sync(target.folder);
    await unlink(source.path).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
    });
    await disk.folders.sync(source.folder);
    await removeEmpty(disk, source.folder);
  });
}

async function linkOrRename(disk: Disk, source: string, target: { folder: string; path: string }): Promise<void> {
  try {
    await disk.folders.enter(target.folder, async () => {
      const found = await identityOf(source);
      if (found === undefined) return finishMoved(target.path);
      if (found.folder) return rename(source, target.path);
      return link(source, target.path);
    });
  } catch (error) {
    if (!['EEXIST', 'ENOTEMPTY', 'ENOTDIR', 'EISDIR'].includes(errnoOf(error) ?? '')) throw error;
    const [one, other] = await Promise.all([identityOf(source), identityOf(target.path)]);
    const same = one === undefined || (other !== undefined && one.inode === other.inode);
    if (!same) throw new HoldfastError('conflict', 'There is another object under the new key.', { cause: error });
  }
}

/** The source is gone: it was moved before, or never was. */
async function finishMoved(target: string): Promise<void> {
  if (!(await identityOf(target))) throw new HoldfastError('not_found', 'There is no such object.');
}

async function identityOf(path: string): Promise<{ inode: bigint; folder: boolean } | undefined> {
  try {
    const found = await stat(path, { bigint: true });
    return { inode: found.ino, folder: found.isDirectory() };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
