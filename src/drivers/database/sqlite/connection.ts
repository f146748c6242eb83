import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { QueryResult } from 'kysely';
import { LRUCache } from 'lru-cache';
import { checkParameters } from '../parameters.ts';

interface CachedStatement {
  readonly statement: StatementSync;
  readonly givesRows: boolean;
  readonly reads: boolean;
}

/** Statements kept prepared. Repositories have some hundred; lists with many filters make more. */
const MAX_STATEMENTS = 500;
/** SQLite sleeps in this thread while it waits for a lock, so it waits no longer than this at a time. */
const LOCK_WAIT_MS = 50;

/**
 * `synchronous = NORMAL` syncs the log before it is copied back, and not at every commit: the `UnitQueue` does that,
 * outside of this thread, before it answers (`LogFile`). `checkpoint_fullfsync` is for macOS, where fsync alone stops at
 * the drive's cache. The log is copied back by the `Checkpointer`, and by the writer only past 64 MiB.
 */
const WRITER_PRAGMAS = [
  'journal_mode = WAL',
  'synchronous = NORMAL',
  'checkpoint_fullfsync = ON',
  'foreign_keys = ON',
  'cache_size = -16384',
  'wal_autocheckpoint = 16384',
  'journal_size_limit = 67108864',
];
const READER_PRAGMAS = ['query_only = ON', 'cache_size = -16384', 'mmap_size = 67108864'];

/** One connection to the file. Everything on it is synchronous; it throws what SQLite throws. */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #statements = new LRUCache<string, CachedStatement>({ max: MAX_STATEMENTS });
  /** Statements so far that may have written, whether they succeeded or not. */
  writes = 0;

  constructor(path: string, { readOnly }: { readonly readOnly: boolean }) {
    this.#database = new DatabaseSync(path, { readOnly, timeout: LOCK_WAIT_MS });
    try {
      for (const pragma of readOnly ? READER_PRAGMAS : WRITER_PRAGMAS) this.#database.exec(`PRAGMA ${pragma}`);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  get closed(): boolean {
    return !this.#database.isOpen;
  }

  /** False where SQLite has rolled back by itself, as it does when the disk is full. */
  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  /** Runs one statement that takes and gives nothing. */
  run(sql: string): void {
    this.#prepared(sql).statement.run();
  }

  execute(sql: string, parameters: readonly unknown[]): QueryResult<unknown> {
    checkParameters(parameters);
    const { statement, givesRows, reads } = this.#prepared(sql);
    if (!reads) this.writes++;
    if (givesRows) return { rows: statement.all(...(parameters as SQLInputValue[])) };
    const { changes } = statement.run(...(parameters as SQLInputValue[]));
    return { numAffectedRows: BigInt(changes), rows: [] };
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #prepared(sql: string): CachedStatement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    const prepared = { statement, givesRows: statement.columns().length > 0, reads: /^\s*select\b/i.test(sql) };
    this.#statements.set(sql, prepared);
    return prepared;
  }
}
