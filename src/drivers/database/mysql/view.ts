import type { Kysely } from 'kysely';
import { unlessAborted } from '../../../base/deadline.ts';
import { closedError } from '../errors.ts';
import type { Execute } from '../kysely-over.ts';
import { type MigrationHost, migrate, migrationStates } from '../migrator.ts';
import type { Database } from '../port.ts';
import { dialect } from './dialect.ts';
import { mysqlOver } from './grammar.ts';
import { migrateExclusively } from './migrate-exclusively.ts';
import type { Parts } from './parts.ts';
import { read } from './read.ts';
import { runUnit } from './units.ts';

// Sessions are in UTC. The number is a decimal one, and whole.
const NOW = { sql: 'select unix_timestamp(sysdate(3)) * 1000 as now', parameters: [] };
const TABLE = 'select 1 from information_schema.tables where table_schema = database() and table_name = ?';

/** One service's view of the connections that all share. */
export function createView<T>({ address, units, reads, replica, times, work, log }: Parts): Database<T> {
  const fromPrimary: Execute = (query) => work.run(() => read(reads, times, query));
  const fromReplica: Execute = (query) =>
    work.run(async () => (await replica?.read(query)) ?? (await read(reads, times, query)));
  const reader = mysqlOver<T>(fromPrimary);
  const now = () =>
    work.run(async () => {
      const { rows } = await read(reads, times, NOW);
      return (rows[0] as { now: number }).now;
    });
  const host: MigrationHost = {
    dialect,
    reader: reader as Kysely<unknown>,
    log,
    now,
    tableExists: (name) =>
      work.run(async () => (await read(reads, times, { sql: TABLE, parameters: [name] })).rows.length > 0),
    exclusively: (action, migration) => work.run(() => migrateExclusively(address, migration, action)),
  };
  return {
    dialect,
    reader,
    laggingReader: replica ? mysqlOver<T>(fromReplica) : reader,
    now,
    unit: (action) => work.run(() => runUnit(units, times, action)),
    migrate: (service, migrations) => migrate(host, service, migrations),
    migrationStates: (service, migrations) => migrationStates(host, service, migrations),
    async probe(signal) {
      signal.throwIfAborted();
      if (work.closed) throw closedError();
      await unlessAborted(
        signal,
        runUnit(units, times, async () => {}),
      );
    },
  };
}
