import type { Kysely } from 'kysely';
import { unlessAborted } from '../../../base/deadline.ts';
import { closedError } from '../errors.ts';
import type { Execute } from '../kysely-over.ts';
import { type MigrationHost, migrate, migrationStates } from '../migrator.ts';
import type { Database } from '../port.ts';
import { dialect } from './dialect.ts';
import { postgresOver } from './grammar.ts';
import { migrateExclusively } from './migrate-exclusively.ts';
import type { Parts } from './parts.ts';
import { read } from './read.ts';
import { runUnit } from './unit.ts';

const NOW = { sql: 'select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now', parameters: [] };

/** One service's view of the connections that all share. */
export function createView<T>({ units, reads, replica, target, work, log }: Parts): Database<T> {
  const fromPrimary: Execute = (query) => {
    refuseToWrite(query.query.kind);
    return work.run(() => read(reads, query));
  };
  const fromReplica: Execute = (query) => {
    refuseToWrite(query.query.kind);
    return work.run(async () => (await replica?.read(query)) ?? (await read(reads, query)));
  };
  const reader = postgresOver<T>(fromPrimary);
  const now = () =>
    work.run(async () => {
      const { rows } = await read(reads, NOW);
      return (rows[0] as { now: number }).now;
    });
  const host: MigrationHost = {
    dialect,
    reader: reader as Kysely<unknown>,
    log,
    now,
    tableExists: (name) =>
      work.run(async () => {
        const sql = 'select 1 where to_regclass(quote_ident($1)) is not null';
        return (await read(reads, { sql, parameters: [name] })).rows.length > 0;
      }),
    exclusively: (migration) => work.run(() => migrateExclusively(units, migration, target)),
  };
  return {
    dialect,
    reader,
    laggingReader: replica ? postgresOver<T>(fromReplica) : reader,
    now,
    unit: (unit) => work.run(() => runUnit(units, unit)),
    migrate: (service, migrations) => migrate(host, service, migrations),
    migrationStates: (service, migrations) => migrationStates(host, service, migrations),
    async probe(signal) {
      signal.throwIfAborted();
      if (work.closed) throw closedError();
      await unlessAborted(
        signal,
        runUnit(units, async () => {}),
      );
    },
  };
}

/** The server refuses it too, where no pooler stands before it. */
function refuseToWrite(kind: string): void {
  if (/^(Insert|Update|Delete|Merge|Create|Drop|Alter)/.test(kind))
    throw new Error('A reader does not write: see Database.unit.');
}
