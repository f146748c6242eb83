import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { writeFileAtomically } from '../base/atomic-file.ts';
import { StartError } from './start-error.ts';

/** Whoever has the data directory, as far as it has told. */
export interface LockHolder {
  readonly pid: number;
  /** What it does: the command. */
  readonly command: string;
  readonly startedAt: string;
  /** Where it takes commands. */
  readonly control?: string;
  /** Where it serves. */
  readonly url?: string;
}

export interface DataDirLock {
  /** Says who holds the lock, for others to read. */
  tell(holder: LockHolder): Promise<void>;
  release(): void;
}

/** The data directory is another's. */
export class DataDirLocked extends StartError {
  readonly holder: LockHolder | undefined;
  constructor(dataDir: string, holder: LockHolder | undefined) {
    const who = holder ? `process ${holder.pid}, holdfast ${holder.command}` : 'it is just starting or stopping';
    super(
      `DATA_DIR: ${dataDir} is in use by another Holdfast (${who}). Stop that one, or set DATA_DIR to another folder.`,
    );
    this.name = 'DataDirLocked';
    this.holder = holder;
  }
}

const HOLDER = 'holder.json';

/**
 * Takes the data directory for this process, or throws `DataDirLocked`.
 *
 * Node has no file locks of its own, SQLite has: an exclusive transaction on an otherwise empty file. The operating
 * system gives the lock back when the process ends, however it ends, so that there is no stale lock and no guessing
 * by process ids. Who holds it stands in a file beside it, which counts only while the lock is held. Nothing else may
 * open the lock's file: closing it again would give the lock back (POSIX, `fcntl`).
 */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  const database = new DatabaseSync(join(dataDir, 'lock'), { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) {
      throw new DataDirLocked(dataDir, await readHolder(dataDir));
    }
    throw new StartError(
      `DATA_DIR: cannot lock ${dataDir}: ${(error as Error).message}. Is it on a local disk?`,
      error,
    );
  }
  const holderFile = join(dataDir, HOLDER);
  // What is there was told by one who did not come to take it back.
  rmSync(holderFile, { force: true });
  return {
    tell: (holder) => writeFileAtomically(holderFile, JSON.stringify(holder)),
    release() {
      if (!database.isOpen) return;
      rmSync(holderFile, { force: true });
      database.close();
    },
  };
}

const SQLITE_BUSY = 5;

async function readHolder(dataDir: string): Promise<LockHolder | undefined> {
  try {
    return JSON.parse(await readFile(join(dataDir, HOLDER), 'utf8'));
  } catch {
    return undefined;
  }
}
