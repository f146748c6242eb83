import { type FileHandle, open } from 'node:fs/promises';

/**
 * SQLite's write-ahead log, as the file that it is. SQLite writes it, and would sync it in this thread, holding up the
 * whole process at every commit; synced here, that happens in the thread pool. What a commit needs to be durable is
 * that its log is on the disk (sqlite.org/wal.html; `synchronous = NORMAL` leaves out just this).
 *
 * SQLite's locks are on the database and the `-shm` file, so opening and closing this one does not touch them.
 */
export class LogFile {
  readonly #path: string;
  #file: FileHandle | undefined;

  constructor(databasePath: string) {
    this.#path = `${databasePath}-wal`;
  }

  /** Resolves when all that is committed is on the disk (on macOS: beyond the drive's cache). */
  async sync(): Promise<void> {
    // It is there once something was committed, and stays until the last connection closes.
    this.#file ??= await open(this.#path, 'r+');
    await this.#file.datasync();
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}
