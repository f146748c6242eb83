import { dirname, join, resolve } from 'node:path';
import type { Logger } from '../../../base/logger.ts';
import { makeFolder } from '../../../base/make-folder.ts';
import { syncFolder } from '../../../base/sync-folder.ts';
import { Folders } from './folders.ts';
import { pathOfKey } from './paths.ts';
import { TemporaryFiles } from './temporary.ts';

/** What the verbs of the disk store share: where things stand, and what makes them durable. */
export interface Disk {
  /** Everything below stands in it, on one file system. */
  readonly root: string;
  readonly objects: string;
  /** Multipart uploads that are under way. */
  readonly uploads: string;
  readonly folders: Folders;
  readonly temporary: TemporaryFiles;
}

export async function openDisk(root: string, log: Logger): Promise<Disk> {
  const home = resolve(root);
  const objects = join(home, 'data');
  const uploads = join(home, 'uploads');
  const firstMade = await makeFolder(home);
  if (firstMade !== undefined) await syncWay(dirname(home), dirname(firstMade));
  const folders = new Folders(home);
  for (const folder of [objects, uploads]) {
    await makeFolder(folder);
    await folders.sync(folder);
  }
  return { root: home, objects, uploads, folders, temporary: await TemporaryFiles.open(join(home, 'tmp'), log) };
}

/** Makes the entries in the folders from `last` up to `first`, which holds it, durable. */
async function syncWay(last: string, first: string): Promise<void> {
  for (let folder = last; ; folder = dirname(folder)) {
    await syncFolder(folder);
    if (folder === first) return;
  }
}

/** Absolute paths of an object and of its folder. */
export function locate(disk: Disk, key: string): { readonly folder: string; readonly path: string } {
  const { folder, name } = pathOfKey(key);
  const absolute = folder === '' ? disk.objects : `${disk.objects}/${folder}`;
  return { folder: absolute, path: `${absolute}/${name}` };
}
