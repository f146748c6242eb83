import { sql } from 'kysely';
import type { DatabaseServer } from '../../drivers/database/port.ts';
import { knownInstallation } from '../installation.ts';
import { migrationStates, unknownMigrations } from '../migrations.ts';
import { StartError } from '../start-error.ts';
import { type AnyTables, COPIED_TABLES } from './tables.ts';

/** How much there is to copy, about: people may write meanwhile. */
export interface Survey {
  /** Rows, by table. */
  readonly tables: Readonly<Record<string, number>>;
  readonly rows: number;
  readonly objects: number;
  readonly bytes: number;
}

/** The id of the installation that a database belongs to. Throws where there is none, or one of another version. */
export async function readInstallationId(source: DatabaseServer): Promise<string> {
  const states = (await migrationStates(source)).filter(({ service }) => service !== 'copy');
  if (states.every(({ appliedAt }) => appliedAt === undefined)) throw new StartError(NO_INSTALLATION);
  if (states.some(({ appliedAt }) => appliedAt === undefined)) {
    throw new StartError(
      '--from: its tables are of an earlier version. Run "holdfast migrate" there, or start its server with this one.',
    );
  }
  await refuseLater(source, '--from');
  const installation = await knownInstallation(source);
  if (!installation) throw new StartError(NO_INSTALLATION);
  return installation.id;
}

/** Throws where a later version has changed the tables: what it keeps in them would be lost. */
export async function refuseLater(database: DatabaseServer, option: '--from' | '--to'): Promise<void> {
  const [first] = await unknownMigrations(database);
  if (!first) return;
  throw new StartError(
    `${option}: its tables are of a later version than this one (${first.service}/${first.name}). ` +
      'Run "holdfast copy" of that version.',
  );
}

const NO_INSTALLATION = '--from: no server has kept anything in this database. Name the one of yours.';

export async function survey(source: DatabaseServer): Promise<Survey> {
  const db = source.view<AnyTables>();
  const tables: Record<string, number> = {};
  const total = { rows: 0, objects: 0, bytes: 0 };
  for (const { name, object } of COPIED_TABLES) {
    const { count } = await db.reader
      .selectFrom(name)
      .select(sql<number>`count(*)`.as('count'))
      .executeTakeFirstOrThrow();
    tables[name] = Number(count);
    total.rows += Number(count);
    if (!object) continue;
    const claimed = await db.reader
      .selectFrom(name)
      .select([sql<number>`count(*)`.as('objects'), sql<number | null>`sum(${sql.ref(object.size)})`.as('bytes')])
      .where(object.key, 'is not', null)
      .executeTakeFirstOrThrow();
    total.objects += Number(claimed.objects);
    total.bytes += Number(claimed.bytes ?? 0);
  }
  return { tables, ...total };
}
