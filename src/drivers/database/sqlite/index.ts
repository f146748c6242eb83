import { mkdir, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { DatabaseServer, OpenDatabase } from '../port.ts';
import { Connection } from './connection.ts';
import { UnitQueue } from './unit-queue.ts';
import { createView } from './view.ts';

const UNIT_TIMES = { unit: 10_000, group: 20 };

/** Opens `sqlite:` (a file in the data directory) or `sqlite:/path/to/file.db`, making the file where there is none. */
export const openSqlite: OpenDatabase = async (url, { dataDir, log }) => {
  const path = filePath(url, dataDir);
  try {
    await makeFile(path);
    return serve(path, log);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`DATABASE_URL: the SQLite file ${path} cannot be opened: ${reason}.`, { cause: error });
  }
};

function serve(path: string, log: Parameters<OpenDatabase>[1]['log']): DatabaseServer {
  const writing = new Connection(path, { readOnly: false });
  const reading = new Connection(path, { readOnly: true });
  const units = new UnitQueue(writing, UNIT_TIMES);
  let closing: Promise<void> | undefined;
  return {
    view: () => createView({ reading, units, log }),
    close() {
      closing ??= units.close().then(() => {
        reading.close();
        // As the last one it writes the log back into the file, and removes it.
        writing.close();
      });
      return closing;
    },
  };
}

function filePath(url: string, dataDir: string): string {
  const given = decodeURIComponent(url.replace(/^sqlite:(\/\/(?=\/))?/, ''));
  if (given.startsWith('//') || given.startsWith(':')) {
    throw new Error('DATABASE_URL: expected sqlite: or sqlite:/path/to/file.db.');
  }
  return given === '' ? resolve(dataDir, 'holdfast.db') : resolve(given);
}

/** For its owner alone to read. SQLite gives the files that it puts beside it the same mode. */
async function makeFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'a', 0o600);
  await file.close();
}
