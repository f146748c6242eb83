import type { Kysely } from 'kysely';
import type { Logger } from '../../base/logger.ts';
import type { Dialect, Migration, MigrationState } from './port.ts';

interface Ledger {
  name: string;
  applied_at: number;
}

// biome-ignore lint/suspicious/noExplicitAny: migrations work on whatever tables are there.
type AnyTables = any;

export interface MigrationName {
  readonly service: string;
  readonly name: string;
}

/** What a driver brings, so that migrations run the same on every database. */
export interface MigrationHost {
  readonly dialect: Dialect;
  readonly reader: Kysely<AnyTables>;
  readonly log: Logger;
  now(): Promise<number>;
  /** Whether `reader` finds a table by this name alone. */
  tableExists(name: string): Promise<boolean>;
  /**
   * Runs `work` in a transaction that no other migration runs beside, in this process or another. Where what changes
   * tables is no part of a transaction, whatever a run of the same migration that was cut off has done is not done again.
   */
  exclusively<R>(work: (tx: Kysely<AnyTables>) => Promise<R>, migration: MigrationName): Promise<R>;
}

/** `Database.migrate` */
export async function migrate(
  host: MigrationHost,
  service: string,
  migrations: readonly Migration[],
): Promise<string[]> {
  const ran: string[] = [];
  for (const { name, appliedAt } of await migrationStates(host, service, migrations)) {
    const migration = migrations.find((each) => each.name === name);
    if (appliedAt !== undefined || !migration) continue;
    const since = performance.now();
    if (!(await runOnce(host, service, migration))) continue;
    ran.push(name);
    host.log.info({ migration: `${service}/${name}`, duration: Math.round(performance.now() - since) }, 'migrated');
  }
  return ran;
}

/** `Database.migrationStates` */
export async function migrationStates(
  { reader, tableExists }: MigrationHost,
  service: string,
  migrations: readonly Migration[],
): Promise<MigrationState[]> {
  checkNames(service, migrations);
  const ledger = ledgerOf(service);
  const there = await tableExists(ledger);
  const rows: Ledger[] = there ? await reader.selectFrom(ledger).select(['name', 'applied_at']).execute() : [];
  const applied = new Map(rows.map((row) => [row.name, row.applied_at]));
  return migrations.map(({ name }) => ({ name, appliedAt: applied.get(name) }));
}

/** False where another instance ran it meanwhile. */
async function runOnce(host: MigrationHost, service: string, migration: Migration): Promise<boolean> {
  const ledger = ledgerOf(service);
  const applied_at = await host.now();
  return host.exclusively(
    async (tx) => {
      await tx.schema
        .createTable(ledger)
        .ifNotExists()
        .addColumn('name', 'varchar(255)', (column) => column.primaryKey())
        .addColumn('applied_at', 'bigint', (column) => column.notNull())
        .execute();
      const done = await tx.selectFrom(ledger).select('name').where('name', '=', migration.name).executeTakeFirst();
      if (done) return false;
      await migration.up(tx, host.dialect);
      await tx.insertInto(ledger).values({ name: migration.name, applied_at }).execute();
      return true;
    },
    { service, name: migration.name },
  );
}

const ledgerOf = (service: string) => `${service}_migrations`;

function checkNames(service: string, migrations: readonly Migration[]): void {
  if (!/^[a-z][a-z0-9_]*$/.test(service)) throw new Error(`"${service}" cannot name a table of migrations.`);
  for (const [place, { name }] of migrations.entries()) {
    if (!/^\d{4}_[a-z0-9_]+$/.test(name)) throw new Error(`"${name}" is not four digits and what the migration does.`);
    const before = migrations[place - 1]?.name;
    if (before !== undefined && before >= name) throw new Error(`Migration ${name} stands after ${before}.`);
  }
}
