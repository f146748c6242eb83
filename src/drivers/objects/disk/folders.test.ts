import { mkdir, mkdtemp, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { errnoOf } from '../../../base/errors.ts';
import { Folders } from './folders.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'holdfast-folders-'));
});
afterEach(() => rm(root, { recursive: true }));

test('makes the folders that an entry needs, also when they are deleted meanwhile', async () => {
  const folders = new Folders(root);
  const folder = join(root, 'a', 'b');
  let attempts = 0;
  await folders.enter(folder, async () => {
    if (++attempts === 2) await rmdir(folder);
    await writeFile(join(folder, 'entry'), '');
  });
  expect(attempts).toBe(3);
  expect((await stat(join(folder, 'entry'))).isFile()).toBe(true);
});

test('gives up on an entry whose own source is missing', async () => {
  const missing = () => stat(join(root, 'missing'));
  await expect(new Folders(root).enter(join(root, 'a'), missing)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('bears that folders are removed while it makes them', async () => {
  const folders = new Folders(root);
  const folder = join(root, 'a', 'b');
  const failures = new Set<string | undefined>();
  const lane = async () => {
    for (let round = 0; round < 300; round++) {
      // Nothing holds the folder, so that all attempts may be lost: that is the one way to fail.
      await folders.enter(folder, () => stat(folder)).catch((error: unknown) => failures.add(errnoOf(error)));
      await rmdir(folder).catch(() => undefined);
      await rmdir(join(root, 'a')).catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: 6 }, lane));
  failures.delete('ENOENT');
  expect([...failures]).toEqual([]);
});

test('does not make the root again where it is gone', async () => {
  const gone = join(root, 'gone');
  const entry = join(gone, 'a', 'entry');
  await expect(new Folders(gone).enter(join(gone, 'a'), () => writeFile(entry, ''))).rejects.toMatchObject({
    code: 'ENOENT',
  });
  await expect(stat(gone)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('shares a sync among those who wait, and lets none share one that began before it came', async () => {
  const folders = new Folders(root);
  const first = folders.sync(root);
  const second = folders.sync(root);
  const third = folders.sync(root);
  expect(second).not.toBe(first);
  expect(third).toBe(second);
  await third;
  expect(folders.sync(root)).not.toBe(third);
});

test('begins none beside one that is about to begin', async () => {
  const folders = new Folders(root);
  const first = folders.sync(root);
  const between = first.then(() => ({ sync: folders.sync(root) }));
  const second = folders.sync(root);
  expect((await between).sync).toBe(second);
});

test('takes a folder that is gone for synced with the one above it, and refuses to do without the root', async () => {
  const folders = new Folders(root);
  await folders.sync(join(root, 'gone', 'too'));
  await mkdir(join(root, 'a'));
  const rootless = new Folders(join(root, 'nowhere'));
  await expect(rootless.sync(join(root, 'nowhere'))).rejects.toMatchObject({ code: 'unavailable' });
});
