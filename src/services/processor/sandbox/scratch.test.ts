import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimScratch, openOutput } from './scratch.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-scratch-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('a scratch folder is made, and emptied of what an earlier process left', async () => {
  const scratch = join(folder, 'a', 'b');
  await claimScratch(scratch);
  await mkdir(join(scratch, 'left', 'deep'), { recursive: true });
  await writeFile(join(scratch, 'left', 'deep', 'file'), 'x');
  await claimScratch(scratch);
  expect(await readdir(scratch)).toEqual([]);
});

test('an output is a plain file of the size that was told', async () => {
  const path = join(folder, 'output');
  await writeFile(path, 'twelve bytes');
  const file = await openOutput(path, 12);
  expect(await file.readFile('utf8')).toBe('twelve bytes');
  await file.close();
  await expect(openOutput(path, 11)).rejects.toThrow('did not tell of');
});

test('a link is no output, wherever it leads', async () => {
  await writeFile(join(folder, 'secret'), 'twelve bytes');
  await symlink(join(folder, 'secret'), join(folder, 'output'));
  await expect(openOutput(join(folder, 'output'), 12)).rejects.toMatchObject({ code: 'ELOOP' });
  await expect(openOutput(folder, 12)).rejects.toThrow();
});
