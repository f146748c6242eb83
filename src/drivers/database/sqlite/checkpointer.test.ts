import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Checkpointer } from './checkpointer.ts';
import { Connection } from './connection.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-checkpoint-'));
  path = join(folder, 'test.db');
});

afterEach(() => rm(folder, { recursive: true }));

const size = async () => (await stat(path)).size;

test('copies what was committed into the file, again and again', async () => {
  const connection = new Connection(path, { readOnly: false });
  const checkpointer = new Checkpointer(path, pino({ level: 'silent' }), 1);
  connection.run('CREATE TABLE blobs (bytes BLOB)');
  for (const round of [1, 2]) {
    const before = await size();
    connection.execute('INSERT INTO blobs VALUES (zeroblob(1000000))', []);
    expect(await size(), `round ${round}`).toBe(before);
    checkpointer.wake();
    await expect.poll(size).toBeGreaterThan(before + 900_000);
  }
  await checkpointer.close();
  await checkpointer.close();
  connection.close();
});

test('says when it cannot, and takes nothing down with it', async () => {
  await writeFile(path, 'no database, but long enough to be looked at as one. '.repeat(100));
  const log = pino({ level: 'silent' });
  const warn = vi.spyOn(log, 'warn');
  const checkpointer = new Checkpointer(path, log, 1);
  checkpointer.wake();
  await expect.poll(() => warn.mock.calls.length).toBe(1);
  await checkpointer.close();
});
