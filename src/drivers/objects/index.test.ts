import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { optionsIn } from './conformance/bodies.ts';
import { openObjects } from './index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-objects-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('a file: URL says where the store stands', async () => {
  const places: [url: string, root: string][] = [
    ['file:', 'data/objects'],
    [`file:${folder}/plain path`, 'plain path'],
    [pathToFileURL(join(folder, 'with space')).href, 'with space'],
  ];
  for (const [url, root] of places) {
    const store = await openObjects(url, optionsIn(join(folder, 'data')));
    await store.put('a/b', Buffer.from('bytes'));
    await store.close();
    expect((await stat(join(folder, root, 'data', 'a', 'b', 'b'))).size).toBe(5);
  }
});

test('a file: URL that names no folder, or one that cannot be used, is refused with what to do', async () => {
  for (const url of ['file:relative/path', 'file://host/path', 'file:///a%zz', 'file:///a%00b', 'file:../x']) {
    await expect(openObjects(url, optionsIn(folder))).rejects.toThrow(
      /^STORAGE_URL: expected file: \(in DATA_DIR\) or file:\/\/\/absolute\/path\.$/,
    );
  }
  await writeFile(join(folder, 'taken'), '');
  await expect(openObjects(`file://${folder}/taken/store`, optionsIn(folder))).rejects.toThrow(
    /^STORAGE_URL: .*taken\/store cannot be used \((ENOTDIR|EEXIST)\)\. Let this user/,
  );
});

test('an unknown scheme is refused with those that are known', async () => {
  for (const url of ['ftp://host', 'nothing', '']) {
    await expect(openObjects(url, optionsIn(folder))).rejects.toThrow(
      /^STORAGE_URL: there is no driver for ".*:"; known are file:/,
    );
  }
});

test('only the owner of the process can look into the store', async () => {
  const store = await openObjects('file:', optionsIn(folder));
  await store.put('a/b/c', Buffer.from('bytes'));
  await store.close();
  for (const path of ['objects', 'objects/data/a', 'objects/data/a/b~c', 'objects/data/a/b~c/b~c']) {
    expect((await stat(join(folder, path))).mode & 0o077).toBe(0);
  }
});

test('folders that are empty do not stay', async () => {
  const store = await openObjects('file:', optionsIn(folder));
  const keys = ['a/b/c', 'a/b/d', 'a/e', 'f'];
  for (const key of keys) await store.put(key, Buffer.from('bytes'));
  await store.move('a/e', 'g/h');
  await store.delete([...keys, 'g/h']);
  await store.close();
  expect(await readdir(join(folder, 'objects', 'data'))).toEqual([]);
});
