import type { CompiledQuery, Kysely, QueryResult } from 'kysely';
import type { Logger } from '../../../base/logger.ts';
import { closedError } from '../errors.ts';
import { type MigrationHost, migrate, migrationStates } from '../migrator.ts';
import type { Database } from '../port.ts';
import type { Connection } from './connection.ts';
import { dialect } from './dialect.ts';
import { portError } from './errors.ts';
import { sqliteOver } from './grammar.ts';
import { migrateExclusively } from './migrate-exclusively.ts';
import type { UnitQueue } from './unit-queue.ts';
import { whileBusy } from './while-busy.ts';

interface ViewDeps {
  readonly reading: Connection;
  readonly units: UnitQueue;
  readonly log: Logger;
}

/** One service's view: its reader, and its way to the writer that all share. */
export function createView<T>({ reading, units, log }: ViewDeps): Database<T> {
  const reader = sqliteOver<T>((query) => read(reading, query));
  // On SQLite, the database's clock is this machine's.
  const now = async () => Date.now();
  const host: MigrationHost = {
    dialect,
    reader: reader as Kysely<unknown>,
    log,
    now,
    async tableExists(name) {
      const sql = "select 1 from sqlite_schema where type = 'table' and name = ?";
      return (await read(reading, { sql, parameters: [name] })).rows.length > 0;
    },
    exclusively: (work) => migrateExclusively(units, work),
  };
  return {
    dialect,
    reader,
    laggingReader: reader,
    now,
    unit: (work, options) => units.unit(work, options),
    migrate: (service, migrations) => migrate(host, service, migrations),
    migrationStates: (service, migrations) => migrationStates(host, service, migrations),
    async probe(signal) {
      signal.throwIfAborted();
      const refusal = units.refusal();
      if (refusal) throw refusal;
      await read(reading, { sql: 'select count(*) from sqlite_schema', parameters: [] });
    },
  };
}

async function read(
  connection: Connection,
  { sql, parameters }: Pick<CompiledQuery, 'sql' | 'parameters'>,
): Promise<QueryResult<unknown>> {
  if (connection.closed) throw closedError();
  try {
    return await whileBusy(() => connection.execute(sql, parameters));
  } catch (error) {
    throw portError(error);
  }
}
