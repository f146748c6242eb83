import type { Expression, Kysely, SqlBool } from 'kysely';

/**
 * How SQL differs between databases, by what a repository wants and not by who the database is. A repository that
 * needs another difference gets another name here.
 */
export interface Dialect {
  readonly name: 'sqlite' | 'postgres' | 'mysql';
  /** Whether rows are locked by `FOR UPDATE`; where not, units of work run one at a time. */
  readonly locksRows: boolean;
  /** A JSON document as a value for a JSON column. */
  json(value: unknown): unknown;
  /** The text at a top-level key of a JSON column; NULL where there is none. */
  jsonText(column: Expression<unknown>, key: string): Expression<string | null>;
  /** `column LIKE '%part%'` without wildcards in `part`, by bytes. The column holds normalised text. */
  contains(column: Expression<string>, part: string): Expression<SqlBool>;
}

export interface Migration {
  /** Four digits and what it does: `0001_files`. Never edited once landed. */
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: a migration works on whatever tables are there.
  up(db: Kysely<any>, dialect: Dialect): Promise<void>;
}

export interface MigrationState {
  readonly name: string;
  /** Undefined where it has not run yet. */
  readonly appliedAt: Date | undefined;
}

/**
 * A database. `T` is the tables of the one service that holds it: each service has its own view and its own
 * migrations, whether or not they share a server.
 *
 * Values: ids and texts are compared by bytes; times are `Date` in and out, UTC with milliseconds; JSON goes in
 * through `dialect.json` and comes out parsed; integers are numbers (over 2^53 refused); booleans are booleans in and
 * 0/1 or booleans out.
 */
export interface Database<T> {
  readonly dialect: Dialect;

  /** Reads what is committed, without a lock. It may run beside units of work. */
  readonly reader: Kysely<T>;

  /**
   * Runs `work` in one transaction, and resolves only when that is durably committed. Units are serialisable against
   * each other as far as they lock the rows that they read to write (`FOR UPDATE` where the dialect locks rows).
   *
   * `work` awaits nothing but `tx`, and has no effect outside: it may be run again (a deadlock, a lost connection,
   * another unit of the same group that failed). What it throws rolls back and comes out here.
   */
  unit<R>(work: (tx: Kysely<T>) => Promise<R>): Promise<R>;

  /** The database's own clock, by which leases are measured. */
  now(): Promise<Date>;

  /** Runs what has not run, in order; safe when several instances start at once. Answers the names of those it ran. */
  migrate(service: string, migrations: readonly Migration[]): Promise<string[]>;
  migrationStates(service: string, migrations: readonly Migration[]): Promise<MigrationState[]>;

  /** Throws where it cannot be used. */
  probe(signal: AbortSignal): Promise<void>;
  /** Ends what is under way, then closes. */
  close(): Promise<void>;
}

/** An open server or file, from which each service takes its own view. */
export interface DatabaseServer {
  view<T>(): Database<T>;
  close(): Promise<void>;
}
