import { stat } from 'node:fs/promises';
import { errnoOf } from '../../../base/errors.ts';
import { checkKey } from '../keys.ts';
import type { ObjectInfo } from '../port.ts';
import { readManifest } from './composite.ts';
import { type Disk, locate } from './disk.ts';
import { storeErrors } from './errors.ts';

export function head(disk: Disk, key: string): Promise<ObjectInfo | undefined> {
  return storeErrors(async () => {
    checkKey(key);
    const { path } = locate(disk, key);
    try {
      const found = await stat(path);
      const size = found.isDirectory() ? (await readManifest(path)).size : found.size;
      return { key, size, modifiedAt: found.mtime };
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  });
}
