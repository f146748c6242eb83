/**
 * The process that a durability test kills. Arguments: the database's URL and data directory. Adds rows, eight at a
 * time, counts each in the same unit, and prints the name of each once it was answered for.
 */
import { writeSync } from 'node:fs';
import { pino } from 'pino';
import { openDatabase } from '../index.ts';
import { addCounter, addTo, type Tables } from './place.ts';

const [url = '', dataDir = ''] = process.argv.slice(2);
const server = await openDatabase(url, { dataDir, log: pino({ level: 'silent' }) });
const db = server.view<Tables>();

async function write(lane: number): Promise<void> {
  for (let number = 0; ; number++) {
    const name = `${lane}-${number}`;
    await db.unit(async (tx) => {
      await addCounter(tx, name);
      await addTo(tx, 'sum', 1);
    });
    writeSync(1, `${name}\n`);
  }
}

await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(write));
