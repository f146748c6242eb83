import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../../../base/ids.ts';

/** Makes a folder and takes away what an earlier process left in it. Answers its real path. */
export async function claimScratch(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await emptyFolder(folder);
  return realpath(folder);
}

/** A new folder inside another, readable by this user alone. */
export async function newFolder(parent: string): Promise<string> {
  const folder = join(parent, newId());
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

export async function emptyFolder(folder: string): Promise<void> {
  const names = await readdir(folder);
  await Promise.all(names.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

/**
 * Opens what a child left for reading. Throws for what is no plain file of the size that it told: a link would lead
 * this process, which may read more than the child, to where the child wants it.
 */
export async function openOutput(path: string, size: number): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.size !== size)
      throw new Error('A sandbox process left an output that it did not tell of');
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
