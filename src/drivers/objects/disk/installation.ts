import { link, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, HoldfastError } from '../../../base/errors.ts';
import type { Disk } from './disk.ts';
import { storeErrors } from './errors.ts';
import { writeFile } from './write-file.ts';

const fileOf = (disk: Disk): string => join(disk.root, 'installation');

export function installation(disk: Disk): Promise<string | undefined> {
  return storeErrors(async () => {
    try {
      return await readFile(fileOf(disk), 'utf8');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  });
}

export function claim(disk: Disk, id: string): Promise<void> {
  return storeErrors(async () => {
    const temporary = disk.temporary.path();
    await writeFile(temporary, Buffer.from(id), {});
    try {
      await link(temporary, fileOf(disk));
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      if ((await installation(disk)) !== id) {
        throw new HoldfastError('conflict', 'The object store belongs to another installation.');
      }
    } finally {
      await unlink(temporary);
    }
    await disk.folders.sync(disk.root);
  });
}
