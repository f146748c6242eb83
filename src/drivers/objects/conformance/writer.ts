/**
 * The process that a durability test kills. Arguments: the store's URL and data directory, and a prefix. Puts objects
 * under the prefix, eight at a time, and prints the key of each once it was answered for.
 */
import { writeSync } from 'node:fs';
import { openObjects } from '../index.ts';
import { bodyOf, inChunks, optionsIn } from './bodies.ts';

const [url = '', dataDir = '', prefix = ''] = process.argv.slice(2);
const store = await openObjects(url, optionsIn(dataDir));

async function write(lane: number): Promise<void> {
  for (let number = 0; ; number++) {
    const key = `${prefix}${lane}/object-${number}`;
    const bytes = bodyOf(key);
    await store.put(key, number % 2 ? bytes : inChunks(bytes, 60_000), { size: bytes.length });
    writeSync(1, `${key}\n`);
  }
}

await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(write));
