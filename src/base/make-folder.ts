import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './errors.ts';

/**
 * Makes a folder and those above it, for us alone; answers the topmost that it made. `mkdir` with `recursive` does not
 * come back where a folder is there in which none can be made (`/proc`): it takes ENOENT to mean that one above is
 * missing, and tries again for ever.
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  if (await stat(path).catch(() => undefined)) return undefined;
  const above = path === dirname(path) ? undefined : await makeFolder(dirname(path));
  try {
    await mkdir(path, { mode: 0o700 });
    return above ?? path;
  } catch (error) {
    // Another has made it in between.
    if (errnoOf(error) !== 'EEXIST') throw error;
    return above;
  }
}
