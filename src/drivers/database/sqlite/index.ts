import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Logger } from '../../../base/logger.ts';
import { makeFolder } from '../../../base/make-folder.ts';
import type { DatabaseServer, OpenDatabase } from '../port.ts';
import { Checkpointer } from './checkpointer.ts';
import { Connection } from './connection.ts';
import { LogFile } from './log-file.ts';
import { UnitQueue } from './unit-queue.ts';
import { createView } from './view.ts';

const UNIT_TIMES = { unit: 10_000, group: 20 };

/** Opens `sqlite:` (a file in the data directory) or `sqlite:/path/to/file.db`, making the file where there is none. */
export const openSqlite: OpenDatabase = async (url, { dataDir, replicaUrl, log }) => {
  if (replicaUrl !== undefined) throw new Error('DATABASE_REPLICA_URL: SQLite has no replicas; leave it out.');
  const path = filePath(url, dataDir);
  try {
    await makeFile(path);
    return serve(path, log);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`DATABASE_URL: the SQLite file ${path} cannot be opened: ${reason}.`, { cause: error });
  }
};

function serve(path: string, log: Logger): DatabaseServer {
  // The writer first: it puts beside the file what a reader needs.
  const writing = new Connection(path, { readOnly: false });
  const reading = new Connection(path, { readOnly: true });
  const checkpointer = new Checkpointer(path, log);
  const logFile = new LogFile(path);
  const units = new UnitQueue(writing, logFile, UNIT_TIMES, () => checkpointer.wake());
  let closing: Promise<void> | undefined;
  const close = async () => {
    await units.close();
    await checkpointer.close();
    await logFile.close();
    reading.close();
    // As the last one it copies the log back into the file, and removes it.
    writing.close();
  };
  return {
    view: () => createView({ reading, units, log }),
    close() {
      closing ??= close();
      return closing;
    },
  };
}

function filePath(url: string, dataDir: string): string {
  const path = decoded(url.replace(/^sqlite:(\/\/(?=\/))?/, ''));
  if (path === undefined || path.startsWith('//') || path.startsWith(':')) {
    throw new Error('DATABASE_URL: expected sqlite: or sqlite:/path/to/file.db.');
  }
  return path === '' ? resolve(dataDir, 'holdfast.db') : resolve(path);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** For its owner alone to read. SQLite gives the files that it puts beside it the same mode. */
async function makeFile(path: string): Promise<void> {
  await makeFolder(dirname(path));
  const file = await open(path, 'a', 0o600);
  await file.close();
}
