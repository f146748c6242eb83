import type { Kysely } from 'kysely';
import { newId } from '../../base/ids.ts';
import type { DatabaseServer } from '../../drivers/database/port.ts';
import type { ObjectStore } from '../../drivers/objects/port.ts';
import { runMigrations } from '../migrations.ts';
import { StartError } from '../start-error.ts';
import type { OpenSide } from './open-side.ts';
import type { CopyDatabase, CopyTables } from './own-tables.ts';
import { refuseLater } from './survey.ts';
import { type AnyDatabase, type AnyTables, COPIED_TABLES, STAYING_TABLES } from './tables.ts';

/** The installation that a copy makes. */
export interface Target {
  readonly copyId: string;
  /** When it was complete: nothing is written to it any more. */
  readonly completedAt: number | undefined;
  readonly view: AnyDatabase;
  readonly objects: ObjectStore;
  /** A unit of work, unless another process has gone on with this copy in between. */
  write<R>(work: (tx: Kysely<AnyTables>) => Promise<R>): Promise<R>;
  /** Notes that it is complete: servers start on it from now on. */
  complete(): Promise<void>;
}

const NOT_EMPTY =
  'is not empty, and does not hold a copy of this installation that was begun. Name an empty one after --to.';

/** Throws unless a copy of the installation can be made there or go on there. Changes nothing. */
export async function checkTarget({ database, objects }: OpenSide, installation: string): Promise<void> {
  await refuseLater(database, '--to');
  const own = await readTarget(database);
  if (own) {
    if (own.installation !== installation) throw new StartError(`--to: the database ${NOT_EMPTY}`);
  } else if (await holdsRows(database)) throw new StartError(`--to: the database ${NOT_EMPTY}`);
  const claimed = await objects.installation();
  if (claimed === installation && own) return;
  if (claimed !== undefined || (await objects.list('', { limit: 1 })).length > 0) {
    throw new StartError(`--to: the object store ${NOT_EMPTY}`);
  }
}

/** Begins a copy, or goes on with it. From now on servers refuse to start there. */
export async function beginTarget(side: OpenSide, installation: string): Promise<Target> {
  await checkTarget(side, installation);
  const { database, objects } = side;
  await runMigrations(database);
  const db: CopyDatabase = database.view<CopyTables>();
  const runId = newId();
  const began = { copy_id: newId(), installation, run_id: runId, began_at: await db.now(), completed_at: null };
  const row = await db.unit(async (tx) => {
    await db.dialect.insertIfAbsent(tx, 'copy_target', [{ name: 'target', ...began }], ['name']);
    const held = await tx.selectFrom('copy_target').selectAll().forUpdate().executeTakeFirstOrThrow();
    if (held.completed_at === null) await tx.updateTable('copy_target').set({ run_id: runId }).execute();
    return held;
  });
  if ((await objects.installation()) === undefined) await objects.claim(installation);

  const fenced = <R>(work: (tx: Kysely<AnyTables>) => Promise<R>) =>
    database.view<AnyTables>().unit(async (tx) => {
      const held = await tx.selectFrom('copy_target').select(['run_id', 'completed_at']).forUpdate().executeTakeFirst();
      if (held?.run_id !== runId || held.completed_at !== null) throw new StartError(TAKEN_OVER);
      return work(tx);
    });
  return {
    copyId: row.copy_id,
    completedAt: row.completed_at ?? undefined,
    view: database.view<AnyTables>(),
    objects,
    write: fenced,
    async complete() {
      const now = await db.now();
      await fenced(async (tx) => {
        await tx.updateTable('copy_target').set({ completed_at: now }).execute();
        await tx.deleteFrom('copy_objects').execute();
      });
    },
  };
}

const TAKEN_OVER = 'Another process goes on with this copy. Leave it to that one, or stop it and begin again.';

/** What a database says of the copy that it is; undefined for one that is none. */
export async function readTarget(database: DatabaseServer) {
  if (!(await hasTables(database, 'copy', '0001_copy'))) return undefined;
  return database.view<CopyTables>().reader.selectFrom('copy_target').selectAll().executeTakeFirst();
}

/** Whether a migration has run there. */
export async function hasTables(database: DatabaseServer, service: string, migration: string): Promise<boolean> {
  const [state] = await database.view().migrationStates(service, [{ name: migration, up: async () => {} }]);
  return state?.appliedAt !== undefined;
}

async function holdsRows(database: DatabaseServer): Promise<boolean> {
  const db = database.view<AnyTables>();
  if (!(await hasTables(database, 'files', '0001_files'))) return false;
  for (const table of [...COPIED_TABLES.map(({ name }) => name), ...STAYING_TABLES]) {
    const found = await db.reader.selectFrom(table).selectAll().limit(1).execute();
    if (found.length > 0) return true;
  }
  return false;
}
