import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holdsData, prepareDataDir } from './data-dir.ts';
import { StartError } from './start-error.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-data-dir-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('is made with the folders above it, for us alone, and may be there already', async () => {
  const dataDir = join(folder, 'a/b/c');
  await Promise.all([prepareDataDir(dataDir), prepareDataDir(dataDir)]);
  await prepareDataDir(dataDir);
  expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
});

test('is refused where there is a file in its way', async () => {
  await writeFile(join(folder, 'file'), '');
  for (const path of ['file', 'file/data']) {
    await expect(prepareDataDir(join(folder, path))).rejects.toThrow(
      /^DATA_DIR: cannot write to .*: (it is no folder|a part of the path is not a folder)\./,
    );
  }
});

test('is refused where no folder can be made', async (context) => {
  context.skip(process.platform !== 'linux', 'there is no /proc');
  await expect(prepareDataDir('/proc/holdfast/data')).rejects.toBeInstanceOf(StartError);
});

test('holds nothing where it is not there; where one cannot look, that is said', async () => {
  expect(await holdsData(join(folder, 'none'))).toBe(false);
  await writeFile(join(folder, 'file'), '');
  await expect(holdsData(join(folder, 'file'))).rejects.toThrow(/^DATA_DIR: cannot read .*: a part of the path is not/);
});
