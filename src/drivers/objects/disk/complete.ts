import { readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, HoldfastError } from '../../../base/errors.ts';
import { taken } from '../body.ts';
import type { PartInfo } from '../port.ts';
import { MANIFEST, type Manifest, readManifest } from './composite.ts';
import { type Disk, locate } from './disk.ts';
import { storeErrors } from './errors.ts';
import { exists } from './exists.ts';
import { uploadFolder } from './multipart.ts';
import { parsePartName } from './parts.ts';
import { writeFile } from './write-file.ts';

/**
 * Writes a manifest of the parts and gives the folder of the upload the object's own name: a rename, which happens
 * once, whole, and never over an object. Who finds the upload gone and the object there comes second, and is done.
 */
export function completeMultipart(
  disk: Disk,
  key: string,
  multipartId: string,
  parts: readonly PartInfo[],
): Promise<void> {
  return storeErrors(async () => {
    const upload = uploadFolder(disk, key, multipartId);
    const target = locate(disk, key);
    if (!(await publish(disk, upload, target, parts)) && !(await exists(target.path))) {
      throw new HoldfastError('not_found', 'There is no such multipart upload.');
    }
    await disk.folders.sync(target.folder);
    await disk.folders.sync(disk.uploads);
    await removeUnused(target.path);
  });
}

/** False where the upload is gone. */
async function publish(
  disk: Disk,
  upload: string,
  target: { folder: string; path: string },
  parts: readonly PartInfo[],
): Promise<boolean> {
  try {
    await writeManifest(disk, upload, chooseParts(await readdir(upload), parts));
    return await disk.folders.enter(target.folder, async () => {
      if (!(await exists(upload))) return false;
      await rename(upload, target.path);
      return true;
    });
  } catch (error) {
    switch (errnoOf(error)) {
      case 'ENOENT':
        return false;
      case 'ENOTDIR':
      case 'ENOTEMPTY':
      case 'EEXIST':
        throw taken(error);
      default:
        throw error;
    }
  }
}

function chooseParts(names: readonly string[], parts: readonly PartInfo[]): Manifest {
  const files = new Map(names.map((name) => [parsePartName(name)?.etag, name]));
  const chosen: Manifest['parts'][number][] = [];
  let size = 0;
  let before = 0;
  for (const part of parts) {
    const name = files.get(part.etag);
    const file = name === undefined ? undefined : parsePartName(name);
    if (!name || file?.number !== part.number || file.size !== part.size || part.number <= before) {
      throw new HoldfastError('upload_not_complete', `Part ${part.number} is not there as it is named. Send it again.`);
    }
    chosen.push({ name, size: file.size });
    size += file.size;
    before = part.number;
  }
  if (chosen.length === 0)
    throw new HoldfastError('upload_not_complete', 'An upload in parts needs at least one part.');
  return { size, parts: chosen };
}

async function writeManifest(disk: Disk, upload: string, manifest: Manifest): Promise<void> {
  const temporary = disk.temporary.path();
  await writeFile(temporary, Buffer.from(JSON.stringify(manifest)), {});
  try {
    await rename(temporary, join(upload, MANIFEST));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await disk.folders.sync(upload);
}

/** Parts that were replaced have no use any more. */
async function removeUnused(folder: string): Promise<void> {
  const used = new Set((await readManifest(folder)).parts.map(({ name }) => name));
  for (const name of await readdir(folder)) {
    if (name !== MANIFEST && !used.has(name)) await unlink(join(folder, name)).catch(() => undefined);
  }
}
