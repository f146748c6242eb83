import type { DatabaseServer, Migration } from '../drivers/database/port.ts';
import { AUTH_MIGRATIONS } from '../services/auth/migrations/index.ts';
import { FILES_MIGRATIONS } from '../services/files/migrations/index.ts';
import { NOTIFIER_MIGRATIONS } from '../services/notifier/migrations/index.ts';
import { COPY_MIGRATIONS } from './copy/migrations/index.ts';

/** By the service whose tables they change; a copy has tables like one. */
const MIGRATIONS: Readonly<Record<string, readonly Migration[]>> = {
  auth: AUTH_MIGRATIONS,
  files: FILES_MIGRATIONS,
  notifier: NOTIFIER_MIGRATIONS,
  copy: COPY_MIGRATIONS,
};

export interface RanMigration {
  readonly service: string;
  readonly name: string;
}

export interface MigrationStatus extends RanMigration {
  /** Milliseconds since 1970, UTC; undefined where it is due. */
  readonly appliedAt: number | undefined;
}

/** Brings the tables of all services up to date. Answers what it ran. */
export async function runMigrations(database: DatabaseServer): Promise<RanMigration[]> {
  const ran: RanMigration[] = [];
  for (const [service, migrations] of Object.entries(MIGRATIONS)) {
    const names = await database.view().migrate(service, migrations);
    ran.push(...names.map((name) => ({ service, name })));
  }
  return ran;
}

/** Migrations that ran there and that this version does not know: a later one was at work. */
export async function unknownMigrations(database: DatabaseServer): Promise<RanMigration[]> {
  const unknown: RanMigration[] = [];
  for (const [service, migrations] of Object.entries(MIGRATIONS)) {
    const view = database.view<Record<string, { name: string }>>();
    const states = await view.migrationStates(service, migrations);
    // Without one that has run there may be no table of them.
    if (states.every(({ appliedAt }) => appliedAt === undefined)) continue;
    const rows = await view.reader.selectFrom(`${service}_migrations`).select('name').orderBy('name').execute();
    const later = rows.filter(({ name }) => !migrations.some((known) => known.name === name));
    unknown.push(...later.map(({ name }) => ({ service, name })));
  }
  return unknown;
}

export async function migrationStates(database: DatabaseServer): Promise<MigrationStatus[]> {
  const all: MigrationStatus[] = [];
  for (const [service, migrations] of Object.entries(MIGRATIONS)) {
    const states = await database.view().migrationStates(service, migrations);
    all.push(...states.map((state) => ({ service, ...state })));
  }
  return all;
}
