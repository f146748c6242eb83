import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Api } from '../harness/client.ts';
import { everyObject, everyRow } from '../harness/copies.ts';
import { describeWithEngines, place } from '../harness/engines/use.ts';
import { noise } from '../harness/fixtures/random.ts';
import { fixture } from '../harness/fixtures.ts';
import { type Installation, query } from '../harness/inspect.ts';
import { runCli, spawnCli } from '../harness/process.ts';
import { type Stack, startStack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';
import { allJobsEnd, answerAll, brokenPromises } from './laws/promises.ts';
import { contradictions } from './laws/rows.ts';
import { missingObjects } from './laws/store.ts';
import { startLoad } from './load/clients.ts';
import { Ledger } from './load/ledger.ts';

const QUIET = { LOG_LEVEL: 'warn' };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-copy-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const folderOf = (name: string) => join(folder, name);
const inFolder = (dataDir: string): Installation => ({
  databaseUrl: 'sqlite:',
  storageUrl: 'file:',
  dataDirs: [dataDir],
});
const copy = (from: string, to: string, ...more: string[]) =>
  runCli(['copy', '--from', from, '--to', to, ...more], QUIET);
const completed = async (from: string, to: string, ...more: string[]) => {
  const finished = await copy(from, to, ...more);
  if (finished.code !== 0) throw new Error(`The copy failed: ${finished.stderr}`);
  return finished;
};

/** Same rows, same bytes. */
async function expectSame(from: Installation, to: Installation): Promise<void> {
  expect(await everyRow(to)).toEqual(await everyRow(from));
  const objects = await everyObject(from);
  expect(Object.keys(objects).length).toBeGreaterThan(0);
  expect(await everyObject(to)).toEqual(objects);
}

const someFiles = async (user: Api, count: number) => {
  for (let first = 0; first < count; first += 20) {
    const some = Array.from({ length: Math.min(20, count - first) }, (_, i) => first + i);
    await Promise.all(some.map((i) => user.upload(noise(2_000 + i * 100, i), { name: `file ${i} ä𝒳.bin` })));
  }
};

describe('holdfast copy', () => {
  test('loses nothing under load, killed in the middle and at the last pass', async () => {
    const source = await startStack();
    const to = folderOf('under load');
    let moved: Stack | undefined;
    try {
      const user = await source.api.signUp();
      await someFiles(user, 200);
      const { id: kept } = await user.upload('kept', { name: 'kept.txt', type: 'text/plain' });
      await user.begin({ name: 'never sent', size: 1_000 });
      const ledger = new Ledger();
      const busy = await source.api.signUp();
      const load = startLoad(busy, ledger, { seed: 1, clients: 3, outages: true });
      await load.getOn(10);
      load.ease();

      const { acknowledged } = ledger;
      const copied = () =>
        query<{ object_key: string }>(inFolder(to), 'SELECT object_key FROM copy_objects').catch(() => []);
      const first = spawnCli(['copy', '--from', source.dataDir, '--to', to], QUIET);
      await until('some objects to be copied', async () => (await copied()).length > 20, { every: 5 }).catch(
        (error) => {
          throw new Error(first.output(), { cause: error });
        },
      );
      await first.kill('SIGKILL');
      expect(first.output()).not.toContain('frozen');
      const before = (await copied()).length;
      expect(before).toBeLessThan(200);

      const refused = await runCli(['serve'], { DATA_DIR: to, PORT: '0' });
      expect(refused.stderr).toMatch(/^holdfast: DATABASE_URL: a copy .* is not complete\..*\n$/);

      const second = spawnCli(['copy', '--from', source.dataDir, '--to', to], QUIET);
      await until('the last pass', () => second.output().includes('frozen'), { every: 1 });
      await second.kill('SIGKILL');
      const third = await completed(source.dataDir, to);
      expect(third.stderr).toContain('The source is frozen');
      expect(third.stdout).toContain('every row was compared');
      await load.stop();
      expect(ledger.acknowledged).toBeGreaterThan(acknowledged);

      await expectSame(inFolder(source.dataDir), inFolder(to));
      expect((await user.sendRaw('late', { name: 'late.txt' })).status).toBe(503);
      expect((await user.content(kept)).toString()).toBe('kept');

      await copyFile(join(source.dataDir, 'secret'), join(to, 'secret'));
      moved = await startStack({ dataDir: to });
      // With the token of before.
      const there = new Api(moved.api.url, busy.token);
      await answerAll(there, ledger);
      await allJobsEnd(there);
      expect(await brokenPromises(there, ledger)).toEqual([]);
      expect(await contradictions(moved)).toEqual([]);
      expect(await missingObjects(moved)).toEqual([]);

      const again = await copy(source.dataDir, to);
      expect(again.stderr).toMatch(/in use by another Holdfast/);
      await moved.server.kill('SIGTERM');
      const rows = await everyRow(moved);
      expect((await copy(source.dataDir, to)).stdout).toContain('complete already');
      expect(await everyRow(moved)).toEqual(rows);

      expect((await runCli(['copy', '--thaw', '--from', source.dataDir], QUIET)).stdout).toContain('takes changes');
      expect((await user.sendRaw('late', { name: 'late.txt' })).status).toBe(202);
      expect((await copy(source.dataDir, to)).stderr).toMatch(/taken into use again/);
    } finally {
      await moved?.dispose();
      await source.dispose();
    }
  });

  test('says what there is, rehearses, takes up what changed since, and then moves it', async () => {
    const source = await startStack();
    const to = folderOf('rehearsed');
    try {
      const user = await source.api.signUp();
      await user.upload('one', { name: 'one' });
      const gone = await user.upload('two', { name: 'two' });
      const dry = await copy(source.dataDir, to, '--dry-run');
      expect(dry.stdout).toMatch(/2 objects \(6 B, 6 bytes\) to copy.* {2}files: 2\n/s);
      expect((await runCli(['copy', '--from', to, '--to', folderOf('none')], QUIET)).stderr).toMatch(/no installation/);

      await completed(source.dataDir, to, '--rehearse');
      await user.expect(204, 'DELETE', `/api/files/${gone.id}?permanent=true`);
      await user.upload('three', { name: 'three' });
      await user.signUp();
      await completed(source.dataDir, to);
      await expectSame(inFolder(source.dataDir), inFolder(to));
      // A server that starts on what has moved serves, too.
      await source.server.kill('SIGTERM');
      await source.start();
      expect((await user.listAll()).length).toBe(2);
      expect((await user.sendRaw('late', { name: 'late.txt' })).status).toBe(503);
    } finally {
      await source.dispose();
    }
  });

  test('refuses a place that is taken, in part too, the same one, and a source with lost bytes', async () => {
    const source = await startStack();
    const other = await startStack();
    try {
      const user = await source.api.signUp();
      const { id } = await user.upload('one', { name: 'one' });
      await user.upload('two', { name: 'two' });
      await (await other.api.signUp()).upload('other', { name: 'other' });
      await other.server.kill('SIGTERM');
      const theirs = await everyRow(other);
      expect((await copy(source.dataDir, other.dataDir)).stderr).toMatch(
        /^holdfast: --to: the database is not empty.*\n$/,
      );
      const half = `sqlite:${folderOf('half')}/holdfast.db file:${other.dataDir}/objects`;
      expect((await copy(source.dataDir, half)).stderr).toMatch(/^holdfast: --to: the object store is not empty.*\n$/);
      expect(await everyRow(other)).toEqual(theirs);
      const same = `sqlite:${source.dataDir}/holdfast.db file:${folderOf('same')}`;
      expect((await copy(source.dataDir, same)).stderr).toMatch(
        /^holdfast: --from and --to name the same database.*\n$/,
      );
      const store = `sqlite:${folderOf('same')}/holdfast.db,file:${source.dataDir}/objects`;
      expect((await copy(source.dataDir, store)).stderr).toMatch(
        /^holdfast: --from and --to name the same object store/,
      );

      const [row] = await query<{ object_key: string }>(source, 'SELECT object_key FROM files WHERE id = ?', id);
      await removeObject(source, row?.object_key as string);
      const to = folderOf('damaged');
      const lost = await copy(source.dataDir, to);
      expect(lost.stderr).toContain(
        `1 objects of the source are missing or are not what their rows say (${row?.object_key})`,
      );
      expect(lost.code).toBe(1);
      // Nobody is locked out by a copy that failed.
      await user.upload('three', { name: 'three' });
      await completed(source.dataDir, to, '--skip-damaged');
      expect(await everyRow(inFolder(to))).toEqual(await everyRow(source));
    } finally {
      await source.dispose();
      await other.dispose();
    }
  });
});

describeWithEngines(['postgres', 'mysql', 's3'], 'holdfast copy from engine to engine', () => {
  test('moves an installation round, row for row and byte for byte', async () => {
    const source = await startStack();
    const places = await Promise.all([place('postgres'), place('s3'), place('mysql')]);
    const [postgres, s3, mysql] = places.map(({ url }) => url) as [string, string, string];
    const stops: (() => Promise<void>)[] = [() => source.dispose(), ...places.map((each) => () => each.stop())];
    try {
      const user = await source.api.signUp();
      await someFiles(user, 60);
      const { id } = await user.upload(await fixture('photo.webp'), { name: 'a photo.webp', type: 'image/webp' });
      await user.processed(id);
      await user.upload(noise(9_000_000, 7), { name: 'large' });
      await user.begin({ name: 'in parts', size: 20_000_000 });
      const first = await completed(source.dataDir, `${postgres} ${s3}`);
      expect(first.stderr).toContain('frozen');
      const onPostgres = { databaseUrl: postgres, storageUrl: s3, dataDirs: [folderOf('pg')] };
      await expectSame(source, onPostgres);

      const secret = /^ {2}.*(JWT_SECRET=hex:\$\(cat .*\))$/m.exec(first.stdout)?.[1];
      expect(secret).toBe(`JWT_SECRET=hex:$(cat ${source.dataDir}/secret)`);

      const objects = folderOf('objects of mysql');
      await completed(`${postgres} ${s3}`, `${mysql} file:${encodeURI(objects)}`);
      const onMysql = { databaseUrl: mysql, storageUrl: `file://${encodeURI(objects)}`, dataDirs: [folderOf('my')] };
      await expectSame(onPostgres, onMysql);

      const home = folderOf('home again');
      await completed(`${mysql} file:${encodeURI(objects)}`, home);
      await expectSame(source, inFolder(home));
      await copyFile(join(source.dataDir, 'secret'), join(home, 'secret'));
      const stack = await startStack({ dataDir: home });
      stops.unshift(() => stack.dispose());
      const there = new Api(stack.api.url, user.token);
      expect(await there.content(id)).toEqual(await user.content(id));
      await there.upload('new', { name: 'new' });
    } finally {
      for (const stop of stops) await stop();
    }
  });
});

async function removeObject(at: Stack, key: string): Promise<void> {
  const { openObjects } = await import('../../src/drivers/objects/index.ts');
  const { createLogger } = await import('../../src/base/logger.ts');
  const store = await openObjects('file:', {
    dataDir: at.dataDir,
    signingKey: new Uint8Array(32),
    publicUrl: () => '',
    log: await createLogger({ level: 'error', pretty: false }),
  });
  await store.delete([key]);
  await store.close();
}
