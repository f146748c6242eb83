import type { CreateTableBuilder, Expression, Insertable, Kysely, SqlBool } from 'kysely';
import type { Logger } from '../../base/logger.ts';

// biome-ignore lint/suspicious/noExplicitAny: a migration works on whatever tables are there.
type AnyTables = any;

/**
 * How SQL differs between databases, by what a repository wants and not by who the database is. A repository that
 * needs another difference gets another name here.
 */
export interface Dialect {
  readonly name: 'sqlite' | 'postgres' | 'mysql';

  /**
   * For a migration: makes a large table. A database that has partitions spreads the rows over some by a hash of the
   * column `by`, which must be a part of every unique key. `table` is the builder, not executed yet.
   */
  createPartitioned(
    db: Kysely<AnyTables>,
    spread: { readonly table: string; readonly by: string },
    table: CreateTableBuilder<string, string>,
  ): Promise<void>;

  /**
   * For a migration: makes an index of the few rows that meet all conditions. Where indexes take no conditions, one of
   * all rows that serves the same queries: the columns that are compared with `=` or `is null` come first.
   */
  addSparseIndex(db: Kysely<AnyTables>, index: SparseIndex): Promise<void>;

  /**
   * Inserts those of the rows whose `key` is not there, without failing for the others; waits for a unit that is just
   * inserting the same. `key` is the primary key or a unique index of the table, and nothing else of the rows may be in
   * conflict. Read afterwards, with `forUpdate`, to learn whose row stands.
   */
  insertIfAbsent<T, N extends keyof T & string>(
    tx: Kysely<T>,
    table: N,
    rows: readonly Insertable<T[N]>[],
    key: readonly (keyof T[N] & string)[],
  ): Promise<void>;

  /**
   * Inserts rows, or, where a row with the same key is there, adds the number to what stands in its column and leaves the
   * rest of it as it is. `key` is the primary key, and nothing else of the rows may be in conflict. By one statement.
   */
  insertOrAdd<T, N extends keyof T & string>(
    tx: Kysely<T>,
    table: N,
    rows: readonly Insertable<T[N]>[],
    columns: { readonly key: keyof T[N] & string; readonly number: keyof T[N] & string },
  ): Promise<void>;

  /**
   * Writes another number into one column of each of many rows, which are named by their primary key. Rows that are not
   * there are left out. By few statements, however many rows.
   */
  writeNumbers<T, N extends keyof T & string>(
    tx: Kysely<T>,
    table: N,
    columns: { readonly key: keyof T[N] & string; readonly number: keyof T[N] & string },
    rows: readonly KeyedNumber[],
  ): Promise<void>;

  /**
   * Whether the columns, compared in their order as one key, are beyond the values: where a page continues. An index
   * of the columns takes the query straight there: where a planner may think otherwise, by its name.
   */
  beyond(
    columns: readonly string[],
    comparison: '<' | '>',
    values: readonly (string | number)[],
    index?: string,
  ): Expression<SqlBool>;

  /** The text at a top-level key of a JSON document; NULL where there is none. */
  jsonText(column: Expression<string | null>, key: string): Expression<string | null>;
  /** Whether the text holds `part`, by bytes; no wildcards. NULL holds nothing. Looks at every row: see `search`. */
  contains(column: Expression<string>, part: string): Expression<SqlBool>;
  readonly search: TextSearch;
  readonly writeBarrier: WriteBarrier;
}

export interface KeyedNumber {
  readonly key: string;
  readonly number: number;
}

export interface SparseIndex {
  readonly name: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly where: readonly (
    | readonly [column: string, comparison: 'is' | 'is not', value: null]
    | readonly [column: string, comparison: '=', value: string | number]
  )[];
}

/** A column whose texts are found by any part of them. */
export interface SearchIndex {
  readonly table: string;
  /** Holds text that is normalised already (case folded, NFC); NULL is allowed. */
  readonly column: string;
  /** The table's key, as `TextSearch.addKey` made it. */
  readonly key: string;
}

export interface TextSearch {
  /**
   * For a migration: adds to a new table the column that tells its rows apart (not null, unique, never changed), and
   * beside it whatever this database needs to index the rows. No other primary key is added.
   */
  addKey<T extends string, C extends string, K extends string>(
    table: CreateTableBuilder<T, C>,
    column: K,
    type: `varchar(${number})`,
  ): CreateTableBuilder<T, C | K>;
  /**
   * For a migration: makes the index, for the rows that are there and for those to come: the database keeps it through
   * every insert, update and delete.
   */
  create(db: Kysely<AnyTables>, index: SearchIndex): Promise<void>;
  /** For a migration: makes the index anew where an earlier version made it of another kind. Elsewhere it does nothing. */
  renew(db: Kysely<AnyTables>, index: SearchIndex): Promise<void>;
  /**
   * Whether the column holds `part`, by bytes; no wildcards; every text holds the empty one, NULL holds nothing.
   * `part` is normalised as the column is. For a query that reads `index.table` by its own name, without an alias.
   */
  matches(index: SearchIndex, part: string): Expression<SqlBool>;
  /**
   * Like `matches`, for a query of those rows alone that have one value in a column. Where the database has no index of
   * parts, it first reads by an index that begins with that column and the searched one, which has to be there; rows
   * that change in between may be missing. Where it has one, it may first look at a sample of the texts for what of `part`
   * is rare.
   */
  matchesAmong(
    db: Kysely<AnyTables>,
    index: SearchIndex,
    rows: { readonly column: string; readonly value: string },
    part: string,
  ): Promise<Expression<SqlBool>>;
}

/** Where it stands until when a barrier holds: any row with a later time than now. Milliseconds since 1970, UTC. */
export interface BarrierFlag {
  readonly table: string;
  readonly until: string;
}

/**
 * Has the database itself refuse changes to a table, whoever makes them, while readers go on. It costs nothing where it
 * is not raised, no writer can forget it, and one that slept since before it was raised meets it all the same.
 */
export interface WriteBarrier {
  /**
   * From when this unit is committed, whatever inserts, updates or deletes a row of `table` throws `unavailable`, as long
   * as `flag` holds by the database's clock. It waits until units that have written to the table have ended, each time
   * that it is raised. For a unit that does nothing else: some databases commit at once what changes their tables.
   */
  raise(tx: Kysely<AnyTables>, table: string, flag: BarrierFlag): Promise<void>;
  /** Takes it away, where there is one. */
  lower(tx: Kysely<AnyTables>, table: string): Promise<void>;
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
  up(db: Kysely<AnyTables>, dialect: Dialect): Promise<void>;
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
 * - Text is compared by bytes and holds no NUL character; one is refused. It is `text`, or `varchar(n)` where it is part
 *   of a key or an index: at most n bytes of UTF-8, and 3,072 in all columns of one index.
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

  /**
   * Reads what is committed, without a lock: all that was answered for before the read began. Each statement sees one
   * moment, two statements may see two. It runs beside units of work, and refuses to write.
   */
  readonly reader: Kysely<T>;

  /**
   * Like `reader`, but what it reads may be some seconds old: from a replica, where there is one that keeps up. For what
   * is looked at again before anybody acts upon it, and lists that people page through; never for what somebody was
   * just told of by its id.
   */
  readonly laggingReader: Kysely<T>;

  /**
   * Runs `work` in one transaction, and resolves only when that is durably committed. Units run beside each other; each
   * statement sees what is committed when it begins (READ COMMITTED). So what a unit reads to write by, it locks
   * (`forUpdate`; a database that runs one unit at a time ignores it), and a row that may not be there yet it makes by
   * `Dialect.insertIfAbsent` before it locks it. `skipLocked` leaves out what other units have locked. Statements
   * that `work` does not await one by one go to the server together, where there is one, and run in their order.
   *
   * `work` awaits nothing but `tx`, opens no transaction of its own, and has no effect outside: it may be run again
   * (a deadlock, a lost connection, another unit of the same group that failed), but what it wrote is committed once.
   * Where the connection is lost while it commits, the database is asked what became of it; `unavailable` is thrown
   * where it cannot be found out, and then the unit may stand or not, as with any answer that is lost. What `work`
   * throws rolls back and comes out here. A statement that fails ends the unit, also where `work` catches what it threw: to try something that
   * may be a `UniqueViolation`, use `ON CONFLICT`, or catch it outside and run another unit. After the end of `work`,
   * `tx` refuses everything.
   */
  unit<R>(work: (tx: Kysely<T>) => Promise<R>, options?: UnitOptions): Promise<R>;

  /**
   * The database's own clock, by which leases are measured: milliseconds since 1970, UTC. Never ahead of it; two processes
   * may be 50 milliseconds apart.
   */
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

export interface UnitOptions {
  /**
   * False: it may be answered once it is committed and seen by everybody, and before it is durable. It outlives this
   * process; a power cut may still undo it, but never without what was committed after it.
   */
  readonly durable?: boolean;
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
  /** Where `laggingReader` reads: a replica of the same database. Refused by a driver that has none. */
  readonly replicaUrl?: string | undefined;
  readonly log: Logger;
}

/** What a driver is to `openDatabase`. Throws an error whose message says to the operator what is wrong with the URL. */
export type OpenDatabase = (url: string, options: DatabaseOptions) => Promise<DatabaseServer>;
