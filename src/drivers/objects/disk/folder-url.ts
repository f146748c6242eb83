import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errnoOf } from '../../../base/errors.ts';
import type { Logger } from '../../../base/logger.ts';
import { type Disk, openDisk } from './disk.ts';

/** The folder of `file:` (`objects` in the data directory), `file:///absolute/path` or `file:/absolute/path`. */
export function folderOf(url: string, dataDir: string): string {
  const path = url.slice('file:'.length);
  if (path === '') return join(dataDir, 'objects');
  const folder = decode(url, path);
  if (folder === undefined || !isAbsolute(folder) || folder.includes('\0')) {
    throw new Error('STORAGE_URL: expected file: (in DATA_DIR) or file:///absolute/path.');
  }
  return folder;
}

function decode(url: string, path: string): string | undefined {
  try {
    return path.startsWith('//') ? fileURLToPath(url) : decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** Opens it; what is in the way is said to the operator. */
export async function openFolder(folder: string, log: Logger): Promise<Disk> {
  try {
    return await openDisk(folder, log);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    throw new Error(
      `STORAGE_URL: ${folder} cannot be used (${errno}). Let this user make and write folders there, or name another.`,
      { cause: error },
    );
  }
}
