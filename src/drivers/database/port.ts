import type { CreateTableBuilder, Expression, Kysely, SqlBool } from 'kysely';
import type { Logger } from '../../base/logger.ts';

/**
 * How SQL differs between databases, by what a repository wants and not by who the database is. A repository that
 * needs another difference gets another name here.
 */
export interface Dialect {
  readonly name: 'sqlite' | 'postgres' | 'mysql';
  /** Adds a 64-bit number that the database gives to each row, as the table's primary key. It never changes. */
  addRowKey<T extends string, C extends string, K extends string>(
    table: CreateTableBuilder<T, C>,
    column: K,
  ): CreateTableBuilder<T, C | K>;
  /** The text at a top-level key of a JSON document; NULL where there is none. */
  jsonText(column: Expression<string | null>, key: string): Expression<string | null>;
  /** Whether the text holds `part`, by bytes; no wildcards. NULL holds nothing. Looks at every row: see `search`. */
  contains(column: Expression<string>, part: string): Expression<SqlBool>;
  readonly search: TextSearch;
}

/** A column whose texts are found by any part of them. */
export interface SearchIndex {
  readonly table: string;
  /** Holds text that is normalised already (case folded, NFC); NULL is allowed. */
  readonly column: string;
  /** As `Dialect.addRowKey` made it. */
  readonly rowKey: string;
}

export interface TextSearch {
  /** For a migration: makes the index, for the rows that are there and for those to come. */
  // biome-ignore lint/suspicious/noExplicitAny: a migration works on whatever tables are there.
  create(db: Kysely<any>, index: SearchIndex): Promise<void>;
  /**
   * Whether the column holds `part`, by bytes; no wildcards; every text holds the empty one, NULL holds nothing.
   * `part` is normalised as the column is. For a query that reads `index.table` by its own name, without an alias.
   */
  matches(index: SearchIndex, part: string): Expression<SqlBool>;
}

/** A statement met a row that has the same primary key or the same value in a unique index. */
export class UniqueViolation extends Error {
  constructor(cause: unknown) {
    super('A row with the same unique value is there already.', { cause });
    this.name = 'UniqueViolation';
  }
}

export interface Migration {
  /** Four digits and what it does: `0001_files`. Never edited once landed. */
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: a migration works on whatever tables are there.
  up(db: Kysely<any>, dialect: Dialect): Promise<void>;
}

export interface MigrationState {
  readonly name: string;
  /** Milliseconds since 1970, UTC. Undefined where it has not run yet. */
  readonly appliedAt: number | undefined;
}

/**
 * A database. `T` is the tables of the one service that holds it: each service has its own view and its own
 * migrations, whether or not they share a server.
 *
 * Values are strings, numbers and null, the same in and out on every database; nothing is converted.
 * - Text (`text`, `varchar(n)` where it is a key) is compared by bytes and holds no NUL character; one is refused.
 * - Times are integers (`bigint`): milliseconds since 1970, UTC.
 * - Other integers are numbers too (`bigint`, `integer` below 2^31); over 2^53 is refused, going in and coming out.
 * - Flags are 0 or 1 (`integer`).
 * - JSON is text (`text`): the repository calls JSON.stringify and JSON.parse; `Dialect.jsonText` filters by it.
 * - Hashes are hexadecimal text.
 *
 * Errors: `UniqueViolation`, and `HoldfastError` with `unavailable` or `storage_full`; all else is a defect.
 */
export interface Database<T> {
  readonly dialect: Dialect;

  /** Reads what is committed, without a lock. It may run beside units of work. It refuses to write. */
  readonly reader: Kysely<T>;

  /**
   * Runs `work` in one transaction, and resolves only when that is durably committed. Units are serialisable against
   * each other as far as they lock the rows that they read to write (`forUpdate`, which a database that runs one unit at a time ignores).
   *
   * `work` awaits nothing but `tx`, opens no transaction of its own, and has no effect outside: it may be run again
   * (a deadlock, a lost connection, another unit of the same group that failed). What it throws rolls back and comes
   * out here. A statement that fails ends the unit, also where `work` catches what it threw: to try something that
   * may be a `UniqueViolation`, use `ON CONFLICT`, or catch it outside and run another unit. After the end of `work`,
   * `tx` refuses everything.
   */
  unit<R>(work: (tx: Kysely<T>) => Promise<R>): Promise<R>;

  /** The database's own clock, by which leases are measured: milliseconds since 1970, UTC. */
  now(): Promise<number>;

  /**
   * Runs what has not run, in order; safe when several instances start at once. Each runs in one transaction, with
   * its name noted in the table `<service>_migrations`. Answers the names of those it ran.
   */
  migrate(service: string, migrations: readonly Migration[]): Promise<string[]>;
  migrationStates(service: string, migrations: readonly Migration[]): Promise<MigrationState[]>;

  /** Throws where it cannot be used. */
  probe(signal: AbortSignal): Promise<void>;
}

/** An open server or file, from which each service takes its own view. */
export interface DatabaseServer {
  view<T>(): Database<T>;
  /** Ends the units that were asked for, then closes. Later calls are refused with `unavailable`. Safe to call twice. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** Where the embedded database keeps its file. */
  readonly dataDir: string;
  readonly log: Logger;
}

/** What a driver is to `openDatabase`. Throws an error whose message says to the operator what is wrong with the URL. */
export type OpenDatabase = (url: string, options: DatabaseOptions) => Promise<DatabaseServer>;
