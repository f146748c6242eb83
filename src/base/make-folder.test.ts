import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFolder } from './make-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-make-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('makes what is missing, and answers where it began', async () => {
  const path = join(folder, 'a', 'b', 'c');
  const made = await Promise.all([makeFolder(path), makeFolder(path)]);
  expect(made).toContain(join(folder, 'a'));
  expect((await stat(path)).isDirectory()).toBe(true);
  expect(await makeFolder(path)).toBeUndefined();
});

test('says so where a file is in the way', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(makeFolder(join(folder, 'file', 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

test.runIf(process.platform === 'linux')('comes back where none can be made', async () => {
  await expect(makeFolder('/proc/holdfast/a')).rejects.toMatchObject({ code: 'ENOENT' });
});
