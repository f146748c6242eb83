import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../../../base/ids.ts';
import { openDatabase } from '../../../drivers/database/index.ts';
import type { DatabaseServer } from '../../../drivers/database/port.ts';
import { openObjects } from '../../../drivers/objects/index.ts';
import type { ObjectStore } from '../../../drivers/objects/port.ts';
import { runMigrations } from '../../migrations.ts';
import type { AnyTables } from '../tables.ts';
import { beginTarget, type Target } from '../target.ts';
import { countDifferences, passLast, passLive } from './pass.ts';

const log = pino({ level: 'silent' });
const never = new AbortController().signal;

let folder: string;
let source: DatabaseServer;
let copy: DatabaseServer;
let objects: ObjectStore;
let target: Target;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-pass-'));
  source = await openDatabase('sqlite:', { dataDir: join(folder, 'from'), log });
  copy = await openDatabase('sqlite:', { dataDir: join(folder, 'to'), log });
  objects = await openObjects('file:', {
    dataDir: join(folder, 'to'),
    signingKey: new Uint8Array(32),
    publicUrl: () => '',
    log,
  });
  await runMigrations(source);
  target = await begin();
});
afterEach(async () => {
  await objects.close();
  await copy.close();
  await source.close();
  await rm(folder, { recursive: true });
});

const INSTALLATION = newId();
const begin = () => beginTarget({ database: copy, objects, close: async () => {} }, INSTALLATION);
const options = () => ({ source: source.view<AnyTables>(), target, onRows: () => {}, signal: never });

/** Few ids and e-mails, so that what was one's is soon another's. Some sort otherwise by bytes than by UTF-16. */
const users = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'ﬀ', '𝒳', 'z'),
    email: fc.constantFrom('1', '2', '3', '4', '5', '6'),
  }),
  { selector: ({ id }) => id },
);
const distinct = users.filter((some) => new Set(some.map(({ email }) => email)).size === some.length);

async function become(rows: readonly { id: string; email: string }[]): Promise<void> {
  await source.view<AnyTables>().unit(async (tx) => {
    await tx.deleteFrom('users').execute();
    const whole = rows.map((row) => ({ ...row, name: null, password_hash: 'x', created_at: 1 }));
    if (whole.length > 0) await tx.insertInto('users').values(whole).execute();
  });
}

test('the last pass makes the rows the same, whatever live passes have seen before', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(distinct, { minLength: 1, maxLength: 4 }), async (states) => {
      for (const rows of states) {
        await become(rows);
        await passLive(options());
      }
      await become(states[0] ?? []);
      await passLast(options());
      expect(await countDifferences(options())).toBe(0);
      const read = (db: DatabaseServer) =>
        db.view<AnyTables>().reader.selectFrom('users').selectAll().orderBy('id').execute();
      expect(await read(copy)).toEqual(await read(source));
    }),
    { numRuns: 60 },
  );
});

test('tables of more than a page, and of none, become the same', async () => {
  const many = Array.from({ length: 1_234 }, (_, i) => ({ id: `id ${i}`, email: `${i}@example.com` }));
  await become(many);
  expect(await passLast(options())).toEqual({ added: 1_234, changed: 0, removed: 0 });
  expect(await countDifferences(options())).toBe(0);
  await become(many.filter((_, i) => i % 3 > 0).map((user) => ({ ...user, email: `new ${user.email}` })));
  expect(await countDifferences(options())).toBe(1_234);
  await passLast(options());
  expect(await countDifferences(options())).toBe(0);
  await become([]);
  await passLive(options());
  expect(await countDifferences(options())).toBe(0);
});

test('a process whose copy another has gone on with writes no more, and nobody after the end', async () => {
  await become([{ id: 'a', email: '1' }]);
  const other = await begin();
  expect(other.copyId).toBe(target.copyId);
  await expect(passLive(options())).rejects.toThrow('Another process goes on with this copy');
  target = other;
  await passLive(options());
  await target.complete();
  await become([]);
  await expect(passLive(options())).rejects.toThrow('Another process');
  expect((await begin()).completedAt).toEqual(expect.any(Number));
});
