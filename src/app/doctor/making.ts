import { mkdtemp, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { reasonOf } from '../start-error.ts';

/** What keeps a file or folder that is not there from being made; undefined where it can be. Leaves nothing. */
export async function whyNotMade(path: string): Promise<string | undefined> {
  const parent = await nearestThere(dirname(path));
  try {
    // Only making one tells: root passes every other check, also where nobody can make anything.
    await rmdir(await mkdtemp(join(parent, '.holdfast-')));
    return undefined;
  } catch (error) {
    return `nothing can be made in ${parent}: ${reasonOf(error)}`;
  }
}

/** The path, or the nearest above it, that is there. */
export async function nearestThere(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found || dirname(path) === path ? path : nearestThere(dirname(path));
}
