import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openDatabase } from '../../drivers/database/index.ts';
import type { DatabaseServer } from '../../drivers/database/port.ts';
import { runMigrations } from '../migrations.ts';
import { freeze, freezeForGood, LEASE, readFreeze, releaseFreeze, renewFreeze, thaw } from './freeze.ts';
import { type AnyTables, COPIED_TABLES } from './tables.ts';

let dataDir: string;
let source: DatabaseServer;
/** Another process, as a server is one to the copy. */
let writer: DatabaseServer;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdfast-freeze-'));
  const open = () => openDatabase('sqlite:', { dataDir, log: pino({ level: 'silent' }) });
  [source, writer] = [await open(), await open()];
  await runMigrations(source);
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all([source.close(), writer.close()]);
  await rm(dataDir, { recursive: true });
});

let ids = 0;
const write = () => {
  const db = writer.view<AnyTables>();
  return db.unit((tx) =>
    tx
      .insertInto('users')
      .values({ id: `${ids}`, email: `${ids++}@example.com`, name: null, password_hash: 'x', created_at: 0 })
      .execute(),
  );
};
const hold = (copyId = 'one') => freeze(source, copyId, () => {});
const refused = expect.objectContaining({ code: 'unavailable', retryAfter: expect.any(Number) });

/** The database's clock is this machine's. */
function pass(milliseconds: number): void {
  const now = Date.now();
  vi.useFakeTimers({ toFake: ['Date'], now: now + milliseconds });
}

test('puts a barrier on every table that moves', async () => {
  await hold();
  for (const { name, key } of COPIED_TABLES) {
    const db = writer.view<AnyTables>();
    const row = Object.fromEntries(key.map((column) => [column, 1]));
    await expect(
      db.unit((tx) => tx.insertInto(name).values(row).execute()),
      name,
    ).rejects.toEqual(refused);
  }
});

test('refuses writers until it is released, or thawed, and tells of it meanwhile', async () => {
  expect(await readFreeze(source)).toBeUndefined();
  await hold();
  await expect(write()).rejects.toEqual(refused);
  expect(await readFreeze(source)).toMatchObject({ copyId: 'one', movedAt: undefined });
  await releaseFreeze(source, 'another');
  await expect(write()).rejects.toEqual(refused);
  await releaseFreeze(source, 'one');
  await write();

  await hold();
  expect(await freezeForGood(source, 'one')).toBe(true);
  expect(await readFreeze(source)).toMatchObject({ copyId: 'one', movedAt: expect.any(Number) });
  // One that is for good is not released by a copy that fails afterwards.
  await releaseFreeze(source, 'one');
  await expect(write()).rejects.toEqual(refused);
  await thaw(source);
  await write();
  await thaw(source);
});

test('leaves no barrier behind when it is released, and leaves those of another', async () => {
  const barriers = async () => {
    const { rows } = await sql<{
      count: number;
    }>`select count(*) as count from sqlite_schema where type = 'trigger'`.execute(source.view<AnyTables>().reader);
    return rows[0]?.count;
  };
  const none = await barriers();
  await hold();
  expect(await barriers()).toBeGreaterThanOrEqual(Number(none) + COPIED_TABLES.length);
  await releaseFreeze(source, 'one');
  expect(await barriers()).toBe(none);

  await hold();
  pass(LEASE + 1);
  await hold('two');
  await releaseFreeze(source, 'one');
  await expect(write()).rejects.toEqual(refused);
});

test('belongs to one copy at a time, and after it moved to none but that', async () => {
  await hold();
  await expect(hold('two')).rejects.toThrow(/Another copy of this installation is at its last pass/);
  await hold();
  await freezeForGood(source, 'one');
  await expect(hold('two')).rejects.toThrow(/was moved elsewhere on/);
  await hold();
  expect(await readFreeze(source)).toMatchObject({ movedAt: expect.any(Number) });
});

test('cannot be renewed or made lasting by a copy that slept past its end', async () => {
  await hold();
  expect(await renewFreeze(source, 'one')).toBe(true);
  expect(await renewFreeze(source, 'another')).toBe(false);
  pass(LEASE + 1);
  expect(await renewFreeze(source, 'one')).toBe(false);
  await hold();
  pass(2 * LEASE + 2);
  expect(await freezeForGood(source, 'one')).toBe(false);
});

test('is lost to a copy that slept while it was renewing, until a writer could come before it', async () => {
  await hold();
  const database = source.view<AnyTables>();
  const slow: DatabaseServer = {
    ...source,
    view: () => ({
      ...database,
      unit: (work) =>
        database.unit(async (tx) => {
          const result = await work(tx as never);
          pass(LEASE + 1);
          return result;
        }),
    }),
  };
  expect(await renewFreeze(slow, 'one')).toBe(false);
});
