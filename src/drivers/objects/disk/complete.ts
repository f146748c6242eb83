import { link, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, HoldfastError } from '../../../base/errors.ts';
import { syncFolder } from '../../../base/sync-folder.ts';
import { taken } from '../body.ts';
import type { PartInfo } from '../port.ts';
import { isMadeOf, MANIFEST, type Manifest } from './composite.ts';
import { type Disk, locate } from './disk.ts';
import { storeErrors } from './errors.ts';
import { exists } from './exists.ts';
import { uploadFolder } from './multipart.ts';
import { parsePartName, partFile } from './parts.ts';
import { writeFile } from './write-file.ts';

/**
 * The object is built of second links to the parts in a folder that nobody else knows, made durable, and given its own
 * name by a rename: whole, and never over another. Parts that come in meanwhile replace others in the folder of the
 * upload alone, which goes last. Stopped at any point, doing it again goes on from there.
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
    try {
      await makeObject(disk, upload, target, manifestOf(multipartId, parts));
    } catch (error) {
      // Done already, by another or by an earlier try, is done.
      if (!(await isMadeOf(target.path, multipartId))) throw error;
    }
    await disk.folders.sync(target.folder);
    await disk.temporary.discard(upload);
    await disk.folders.sync(disk.uploads);
  });
}

function manifestOf(multipartId: string, parts: readonly PartInfo[]): Manifest {
  let size = 0;
  let before = 0;
  const named = parts.map((part) => {
    const { name } = partFile(part.number, part.etag, part.size);
    if (!parsePartName(name) || part.number <= before) throw notThere(name);
    before = part.number;
    size += part.size;
    return { name, size: part.size };
  });
  if (named.length === 0) throw new HoldfastError('upload_not_complete', 'An upload in parts needs at least one part.');
  return { multipartId, size, parts: named };
}

async function makeObject(
  disk: Disk,
  upload: string,
  target: { readonly folder: string; readonly path: string },
  manifest: Manifest,
): Promise<void> {
  const folder = disk.temporary.path();
  try {
    await build(folder, upload, manifest);
    await disk.folders.enter(target.folder, async () => {
      // Aborted meanwhile.
      if (!(await exists(upload))) throw noUpload();
      await rename(folder, target.path);
    });
  } catch (error) {
    throw toCompletionError(error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function build(folder: string, upload: string, manifest: Manifest): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  for (const { name } of manifest.parts) {
    try {
      await link(join(upload, name), join(folder, name));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      throw (await exists(upload)) ? notThere(name) : noUpload();
    }
  }
  await writeFile(join(folder, MANIFEST), Buffer.from(JSON.stringify(manifest)), {});
  await syncFolder(folder);
}

function toCompletionError(error: unknown): unknown {
  switch (errnoOf(error)) {
    case 'ENOTDIR':
    case 'ENOTEMPTY':
    case 'EEXIST':
      return taken(error);
    case 'ENOENT':
      return new HoldfastError('unavailable', 'The parts could not be put together. Try again.', { cause: error });
    default:
      return error;
  }
}

const noUpload = (): HoldfastError => new HoldfastError('not_found', 'There is no such multipart upload.');

/** It never came, or was replaced since the parts were listed. */
const notThere = (name: string): HoldfastError =>
  new HoldfastError(
    'upload_not_complete',
    `Part ${Number.parseInt(name, 10)} is not there as it is named. Confirm again, or send it again.`,
  );
