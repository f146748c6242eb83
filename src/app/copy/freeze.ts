import type { DatabaseServer } from '../../drivers/database/port.ts';
import { StartError } from '../start-error.ts';
import type { CopyDatabase, CopyTables } from './own-tables.ts';
import { type AnyTables, COPIED_TABLES } from './tables.ts';

/**
 * The freeze: for the last pass nobody may write to what is copied, while readers are served as ever.
 *
 * It is a row that says until when, and a barrier on every table that moves (`Dialect.writeBarrier`): triggers of the
 * database that refuse changes as long as the row says so. So it costs nothing while nothing is frozen, no writer can
 * forget it, whichever process or version it is, and one that slept since before the freeze meets it when it wakes. A
 * barrier waits for the units under way, so that what is there once all stand is all there will be.
 *
 * The row is a lease: a copy that died freezes nobody for longer than `LEASE`. When the copy is complete, it stays for
 * good, until somebody thaws it.
 */

/** Milliseconds. */
export const LEASE = 60_000;
const FOREVER = 8_640_000_000_000_000;
const FLAG = { table: 'copy_freeze', until: 'frozen_until' };

export interface FreezeState {
  readonly copyId: string;
  /** Until when writers are refused. Milliseconds since 1970, UTC. */
  readonly until: number;
  /** When the copy was complete, if it was. */
  readonly movedAt: number | undefined;
}

/** The freeze of a database whose tables are there; undefined where there is none, or none any more. */
export async function readFreeze(server: DatabaseServer): Promise<FreezeState | undefined> {
  const db: CopyDatabase = server.view<CopyTables>();
  const row = await db.reader.selectFrom('copy_freeze').selectAll().executeTakeFirst();
  if (!row || row.frozen_until <= (await db.now())) return undefined;
  return { copyId: row.copy_id, until: row.frozen_until, movedAt: row.moved_at ?? undefined };
}

/**
 * Refuses all writers from when this resolves, for `LEASE` from `onHeld` on unless it is renewed. Throws where another
 * copy does.
 */
export async function freeze(server: DatabaseServer, copyId: string, onHeld: () => void): Promise<void> {
  const db: CopyDatabase = server.view<CopyTables>();
  const now = await db.now();
  await db.unit(async (tx) => {
    const fresh = { name: 'freeze', copy_id: copyId, frozen_until: 0, moved_at: null } as const;
    await db.dialect.insertIfAbsent(tx, 'copy_freeze', [fresh], ['name']);
    const held = await tx.selectFrom('copy_freeze').selectAll().forUpdate().executeTakeFirstOrThrow();
    if (held.copy_id !== copyId && held.frozen_until > now) throw frozenByAnother(held.moved_at);
    if (held.moved_at !== null && held.copy_id === copyId) return;
    await tx
      .updateTable('copy_freeze')
      .set({ copy_id: copyId, frozen_until: now + LEASE, moved_at: null })
      .execute();
  });
  onHeld();
  for (const { name } of COPIED_TABLES) await raise(server, name);
}

/** Throws where the database does not let us raise barriers: better now than when all else is done. */
export async function checkFreezable(server: DatabaseServer): Promise<void> {
  try {
    // A table of the copy's own, which nobody writes to here.
    await raise(server, 'copy_objects');
    await lower(server, 'copy_objects');
  } catch (error) {
    throw new StartError(
      `The database to copy from cannot be told to refuse writers: ${(error as Error).message} ` +
        'Let its user make triggers (GRANT CREATE, TRIGGER), and do it again.',
      error,
    );
  }
}

/** Renews the freeze; false where it is not held without a gap any more, so that somebody may have written. */
export async function renewFreeze(server: DatabaseServer, copyId: string): Promise<boolean> {
  return prolong(server, copyId, (now) => ({ frozen_until: now + LEASE }));
}

/** Makes the freeze last; false as for `renewFreeze`. */
export async function freezeForGood(server: DatabaseServer, copyId: string): Promise<boolean> {
  return prolong(server, copyId, (now) => ({ frozen_until: FOREVER, moved_at: now }));
}

/** Lets writers write again; whoever began the freeze. */
export async function thaw(server: DatabaseServer): Promise<void> {
  const db: CopyDatabase = server.view<CopyTables>();
  // From here on writers pass the barriers.
  await db.unit((tx) => tx.deleteFrom('copy_freeze').execute());
  for (const { name } of COPIED_TABLES) await lower(server, name);
}

/** Ends a freeze that this copy holds for its last pass alone; one that is for good stays. */
export async function releaseFreeze(server: DatabaseServer, copyId: string): Promise<void> {
  const db: CopyDatabase = server.view<CopyTables>();
  try {
    for (const { name } of COPIED_TABLES) if (!(await lowerHeld(server, copyId, name))) break;
  } finally {
    await db.unit((tx) =>
      tx.deleteFrom('copy_freeze').where('copy_id', '=', copyId).where('moved_at', 'is', null).execute(),
    );
  }
}

/**
 * Whether it had run out is asked when the change is committed: whoever slept before that, for however long, learns that
 * a writer may have been faster.
 */
async function prolong(
  server: DatabaseServer,
  copyId: string,
  change: (now: number) => Partial<{ frozen_until: number; moved_at: number }>,
): Promise<boolean> {
  const db: CopyDatabase = server.view<CopyTables>();
  const now = await db.now();
  const until = await db.unit(async (tx) => {
    const query = tx.selectFrom('copy_freeze').selectAll().where('copy_id', '=', copyId);
    const held = await query.forUpdate().executeTakeFirst();
    if (held?.moved_at === null) await tx.updateTable('copy_freeze').set(change(now)).execute();
    return held?.frozen_until ?? 0;
  });
  return (await db.now()) < until;
}

async function raise(server: DatabaseServer, table: string): Promise<void> {
  const db = server.view<AnyTables>();
  await db.unit((tx) => db.dialect.writeBarrier.raise(tx, table, FLAG));
}

async function lower(server: DatabaseServer, table: string): Promise<void> {
  const db = server.view<AnyTables>();
  await db.unit((tx) => db.dialect.writeBarrier.lower(tx, table));
}

/**
 * Takes a barrier away that stands for this copy's freeze; false where it is not held any more, so that the barrier may
 * be another copy's. One that stays costs a look at the freeze for each change, and refuses nothing.
 */
async function lowerHeld(server: DatabaseServer, copyId: string, table: string): Promise<boolean> {
  const db = server.view<AnyTables>();
  const now = await db.now();
  return db.unit(async (tx) => {
    const query = tx.selectFrom('copy_freeze').selectAll().where('copy_id', '=', copyId);
    const held = await query.forUpdate().executeTakeFirst();
    if (held?.moved_at !== null || held.frozen_until <= now) return false;
    await db.dialect.writeBarrier.lower(tx, table);
    return true;
  });
}

const frozenByAnother = (movedAt: number | null) =>
  new StartError(
    movedAt === null
      ? 'Another copy of this installation is at its last pass. Wait for it, or stop it, and begin again a minute later.'
      : `This installation was moved elsewhere on ${new Date(movedAt).toISOString()}. Copy it from there, or take it ` +
          'into use again here with "holdfast copy --thaw --from …".',
  );
