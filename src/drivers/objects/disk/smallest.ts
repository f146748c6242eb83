import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { errnoOf } from '../../../base/errors.ts';

/** An entry of a folder and the text by which it is ordered. */
export interface Entry {
  readonly text: string;
  readonly name: string;
  readonly isFolder: boolean;
}

/**
 * The first entries of a folder in the order of their texts, at most `limit`, of those that `pick` gives a text. A
 * folder that is missing has none. Holds at most twice `limit` entries, however many there are.
 */
export async function smallest(
  folder: string,
  limit: number,
  pick: (entry: Dirent) => string | undefined,
): Promise<Entry[]> {
  let kept: Entry[] = [];
  let bound: string | undefined;
  const trim = () => {
    kept.sort((one, other) => (one.text < other.text ? -1 : one.text > other.text ? 1 : 0));
    kept = kept.slice(0, limit);
    if (kept.length === limit) bound = kept.at(-1)?.text;
  };
  try {
    for await (const dirent of await opendir(folder, { bufferSize: 256 })) {
      const text = pick(dirent);
      if (text === undefined || (bound !== undefined && text >= bound)) continue;
      kept.push({ text, name: dirent.name, isFolder: dirent.isDirectory() });
      if (kept.length >= 2 * limit) trim();
    }
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  trim();
  return kept;
}
