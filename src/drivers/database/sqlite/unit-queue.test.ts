import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Connection } from './connection.ts';
import { LogFile } from './log-file.ts';
import { UnitQueue } from './unit-queue.ts';

interface Tables {
  rows: { id: string; parent: string | null };
}

let folder: string;
let connection: Connection;
let queue: UnitQueue;
let log: LogFile;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-units-'));
  connection = new Connection(join(folder, 'test.db'), { readOnly: false });
  connection.run(
    'CREATE TABLE rows (id TEXT PRIMARY KEY, parent TEXT REFERENCES rows (id) DEFERRABLE INITIALLY DEFERRED)',
  );
  log = new LogFile(join(folder, 'test.db'));
  queue = new UnitQueue(connection, log, { unit: 10_000, group: 10_000 });
});

afterEach(async () => {
  await queue.close();
  await log.close();
  connection.close();
  await rm(folder, { recursive: true });
});

const add = (id: string, parent: string | null = null) =>
  queue.unit((tx: Kysely<Tables>) => tx.insertInto('rows').values({ id, parent }).execute());

const ids = () =>
  connection.execute('SELECT id FROM rows ORDER BY id', []).rows.map((row) => (row as { id: string }).id);

const codeOf = (result: PromiseSettledResult<unknown>) =>
  result.status === 'rejected' ? (result.reason as { code: string }).code : 'done';

test('commits units that arrive together at once, and answers none before', async () => {
  const run = vi.spyOn(connection, 'run');
  const commits = () => run.mock.calls.filter(([statement]) => statement === 'COMMIT').length;
  const seen = await Promise.all(Array.from({ length: 50 }, (_, index) => add(`${index}`).then(commits)));
  expect(commits()).toBe(1);
  expect(new Set(seen)).toEqual(new Set([1]));
});

test('answers no unit before the log that holds it is on the disk, and gathers the next ones meanwhile', async () => {
  let onDisk = () => {};
  const sync = vi.spyOn(log, 'sync').mockImplementationOnce(
    () =>
      new Promise((resolve) => {
        onDisk = resolve;
      }),
  );
  let answered = false;
  const first = add('first').then(() => {
    answered = true;
  });
  await expect.poll(() => sync.mock.calls.length).toBe(1);
  const next = [add('second'), add('third')];
  expect(ids()).toEqual(['first']);
  expect(answered).toBe(false);
  onDisk();
  await first;
  await Promise.all(next);
  expect(sync).toHaveBeenCalledTimes(2);
});

test('answers a unit that need not be durable once it is committed, and syncs for the others alone', async () => {
  let onDisk = () => {};
  const sync = vi.spyOn(log, 'sync').mockImplementationOnce(
    () =>
      new Promise((resolve) => {
        onDisk = resolve;
      }),
  );
  const addSoon = (id: string) =>
    queue.unit((tx: Kysely<Tables>) => tx.insertInto('rows').values({ id, parent: null }).execute(), {
      durable: false,
    });
  await addSoon('first');
  expect(sync).not.toHaveBeenCalled();

  let answered = false;
  const durable = add('second').then(() => {
    answered = true;
  });
  await addSoon('third');
  expect(ids()).toEqual(['first', 'second', 'third']);
  expect(sync).toHaveBeenCalledTimes(1);
  expect(answered).toBe(false);
  onDisk();
  await durable;
});

test('takes nothing for durable once an fsync has failed', async () => {
  vi.spyOn(log, 'sync').mockRejectedValueOnce(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }));
  const results = await Promise.allSettled([add('a'), add('b')]);
  expect(results.map(codeOf)).toEqual(['unavailable', 'unavailable']);
  await expect(add('c')).rejects.toMatchObject({ code: 'unavailable' });
  await expect(queue.alone(async () => {})).rejects.toMatchObject({ code: 'unavailable' });
  expect(queue.refusal()).toMatchObject({ code: 'unavailable' });
});

test('tells of each commit, and of nothing else', async () => {
  const onCommit = vi.fn();
  queue = new UnitQueue(connection, log, { unit: 10_000, group: 10_000 }, onCommit);
  await add('a');
  await add('b');
  expect(onCommit).toHaveBeenCalledTimes(2);
  await queue.close();
  expect(onCommit).toHaveBeenCalledTimes(2);
});

test('bounds a group by number and by time', async () => {
  const run = vi.spyOn(connection, 'run');
  const commits = () => run.mock.calls.filter(([statement]) => statement === 'COMMIT').length;
  await Promise.all(Array.from({ length: 300 }, (_, index) => add(`${index}`)));
  expect(commits()).toBe(3);

  queue = new UnitQueue(connection, log, { unit: 10_000, group: 0 });
  await Promise.all(Array.from({ length: 5 }, (_, index) => add(`more ${index}`)));
  expect(commits()).toBe(8);
  expect(ids()).toHaveLength(305);
});

test('tells all units of a group that the disk is full, and goes on when there is space', async () => {
  await add('before');
  const { page_count } = connection.execute('PRAGMA page_count', []).rows[0] as { page_count: number };
  connection.execute(`PRAGMA max_page_count = ${page_count}`, []);
  const results = await Promise.allSettled([add('small'), add('x'.repeat(100_000)), add('other')]);
  expect(results.map(codeOf)).toContain('storage_full');
  const there = results.flatMap((result, index) =>
    result.status === 'fulfilled' ? [['small', '', 'other'][index]] : [],
  );
  expect(ids()).toEqual(['before', ...there].toSorted());

  connection.execute('PRAGMA max_page_count = 1000000', []);
  await add('after');
  expect(ids()).toContain('after');
});

test('rolls back and tells everybody when the commit fails', async () => {
  await add('before');
  const run = connection.run.bind(connection);
  vi.spyOn(connection, 'run').mockImplementation((statement) => {
    // A real commit that fails needs a disk that does.
    if (statement === 'COMMIT') throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
    run(statement);
  });
  const results = await Promise.allSettled([add('a'), add('before'), add('b')]);
  vi.restoreAllMocks();
  expect(results.map(codeOf)).toEqual(['storage_full', 'storage_full', 'storage_full']);
  expect(ids()).toEqual(['before']);
  await add('after');
});

test('finds the unit whose deferred constraint fails the commit', async () => {
  const results = await Promise.allSettled([add('a'), add('orphan', 'nobody'), add('child', 'a'), add('b')]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  expect(ids()).toEqual(['a', 'b', 'child']);
});

test('undoes what a unit wrote before it failed, and runs the others of its group again, once', async () => {
  const run = vi.spyOn(connection, 'run');
  const times = new Map<string, number>();
  const unit = (id: string, fails: boolean) =>
    queue.unit(async (tx: Kysely<Tables>) => {
      times.set(id, (times.get(id) ?? 0) + 1);
      await tx.insertInto('rows').values({ id, parent: null }).execute();
      if (fails) throw new Error(`${id} failed`);
      return id;
    });
  const results = await Promise.allSettled([unit('a', false), unit('b', true), unit('c', false), unit('d', true)]);
  expect(results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason.message))).toEqual([
    'a',
    'b failed',
    'c',
    'd failed',
  ]);
  expect(ids()).toEqual(['a', 'c']);
  expect(Object.fromEntries(times)).toEqual({ a: 2, b: 2, c: 1, d: 1 });

  run.mockClear();
  await Promise.all([add('e'), add('f')]);
  expect(run.mock.calls.flat()).toEqual(['BEGIN IMMEDIATE', 'COMMIT']);
});

test('leaves a group as it is where a unit fails that has not written', async () => {
  let times = 0;
  const counted = queue.unit(async (tx: Kysely<Tables>) => {
    times++;
    await tx.insertInto('rows').values({ id: 'a', parent: null }).execute();
  });
  const refused = queue.unit(async (tx: Kysely<Tables>) => {
    await tx.selectFrom('rows').selectAll().execute();
    throw new Error('refused');
  });
  await expect(refused).rejects.toThrow('refused');
  await counted;
  expect(times).toBe(1);
  expect(ids()).toEqual(['a']);
});

test('gives up a unit that awaits something else, undoes it, and goes on with the others', async () => {
  queue = new UnitQueue(connection, log, { unit: 50, group: 10_000 });
  const stuck = queue.unit(async (tx: Kysely<Tables>) => {
    await tx.insertInto('rows').values({ id: 'stuck', parent: null }).execute();
    await new Promise(() => {});
  });
  const other = add('other');
  await expect(stuck).rejects.toThrow('awaited something that is not its database');
  await other;
  expect(ids()).toEqual(['other']);
});

test('waits for another process that writes', async () => {
  const other = new DatabaseSync(join(folder, 'test.db'));
  other.exec('BEGIN IMMEDIATE');
  const adding = add('patient');
  const turns = await Promise.race([adding, wait(200, 'free to do other things')]);
  expect(turns).toBe('free to do other things');
  other.exec('COMMIT');
  other.close();
  await adding;
  expect(ids()).toEqual(['patient']);
});

test('refuses values that a statement of our own would let through', async () => {
  const unit = queue.unit((tx: Kysely<Tables>) => sql`select ${Symbol('x')}`.execute(tx));
  await expect(unit).rejects.toThrow('Value 1 of a statement is of type symbol');
});
