import { chmod, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { controlAddress } from './address.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-address-'));
  vi.stubEnv('TMPDIR', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const deep = `/srv/${'deep/'.repeat(30)}data`;

test('what a server that was killed left is used again, and there is nothing there', async () => {
  const first = await controlAddress(deep);
  await writeFile(first.path, '');
  const next = await controlAddress(deep);
  expect(next.path).toBe(first.path);
  expect(await readdir(dirname(next.path))).toEqual([]);
  expect((await stat(dirname(next.path))).mode & 0o777).toBe(0o700);
  expect((await controlAddress(`${deep}2`)).path).not.toBe(next.path);
  expect(await readdir(folder)).toHaveLength(2);
  await next.clear();
  expect(await readdir(folder)).toHaveLength(1);
});

test('a folder that others may have made or can get into is left alone', async () => {
  const { path } = await controlAddress(deep);
  await chmod(dirname(path), 0o755);
  const other = await controlAddress(deep);
  expect(other.path).not.toBe(path);
  await rm(dirname(path), { recursive: true });
  await symlink(folder, dirname(path));
  expect((await controlAddress(deep)).path).not.toBe(path);
});
