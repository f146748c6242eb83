import type { CompiledQuery, Kysely, QueryResult } from 'kysely';
import { unlessAborted } from '../../base/deadline.ts';
import type { Logger } from '../../base/logger.ts';
import { closedError } from './errors.ts';
import type { Execute, KyselyOver } from './kysely-over.ts';
import { type MigrationHost, migrate, migrationStates } from './migrator.ts';
import type { Database, Dialect } from './port.ts';
import { ServerClock } from './server-clock.ts';
import type { Underway } from './underway.ts';

type Statement = Pick<CompiledQuery, 'sql' | 'parameters'>;

/** What a driver of a server brings for the views of it. */
export interface ServerParts extends Pick<MigrationHost, 'dialect' | 'log' | 'exclusively'> {
  readonly dialect: Dialect;
  readonly log: Logger;
  readonly over: KyselyOver;
  readonly work: Underway;
  /** Runs one statement that writes nothing. */
  read(statement: Statement): Promise<QueryResult<unknown>>;
  /** The same on a replica; undefined where the primary has to be asked. */
  readonly readReplica?: ((statement: Statement) => Promise<QueryResult<unknown> | undefined>) | undefined;
  /** Throws on a query that readers may not ask. */
  check?(query: CompiledQuery): void;
  /** Answers `now`, what the server's clock shows: milliseconds since 1970, UTC. */
  readonly now: Statement;
  /** Answers a row where there is such a table. */
  table(name: string): Statement;
  // biome-ignore lint/suspicious/noExplicitAny: a unit of any service.
  unit<R>(work: (tx: Kysely<any>) => Promise<R>): Promise<R>;
}

/** One service's view of the connections that all share. */
export function createServerView<T>(parts: ServerParts): Database<T> {
  const { dialect, log, over, work, read, readReplica, check } = parts;
  const fromPrimary: Execute = async (query) => {
    check?.(query);
    return work.run(() => read(query));
  };
  const fromReplica: Execute = async (query) => {
    check?.(query);
    return work.run(async () => (await readReplica?.(query)) ?? (await read(query)));
  };
  const reader = over<T>(fromPrimary);
  const clock = new ServerClock(async () => {
    const { rows } = await read(parts.now);
    return (rows[0] as { now: number }).now;
  });
  const now = () => work.run(() => clock.now());
  const host: MigrationHost = {
    dialect,
    reader: reader as Kysely<unknown>,
    log,
    now,
    tableExists: (name) => work.run(async () => (await read(parts.table(name))).rows.length > 0),
    exclusively: (action, migration) => work.run(() => parts.exclusively(action, migration)),
  };
  return {
    dialect,
    reader,
    laggingReader: readReplica ? over<T>(fromReplica) : reader,
    now,
    unit: (action) => work.run(() => parts.unit(action)),
    migrate: (service, migrations) => migrate(host, service, migrations),
    migrationStates: (service, migrations) => migrationStates(host, service, migrations),
    async probe(signal) {
      signal.throwIfAborted();
      if (work.closed) throw closedError();
      await unlessAborted(
        signal,
        parts.unit(async () => {}),
      );
    },
  };
}
