import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cliOfEachTest } from './testing/cli.ts';

const { folder, run, serve } = cliOfEachTest();

test('a server sweeps when asked over its socket, also where the path is too long for one', async () => {
  const DATA_DIR = join(folder(), 'a'.repeat(120));
  await serve({ DATA_DIR });
  const { code, stdout } = await run(['sweep', '--dry-run', '--json'], { DATA_DIR });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ dryRun: true, failures: 0 });
});

test('where no server runs it is done all the same', async () => {
  const { child, ended } = await serve();
  child.kill('SIGTERM');
  await ended;
  const { code, stdout } = await run(['sweep']);
  expect(code).toBe(0);
  expect(stdout).toContain('Nothing to do');
});

test('where there is no data it says so, and makes none', async () => {
  const { code, stderr } = await run(['sweep']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^holdfast: DATA_DIR: no server has kept anything in /);
  expect(await readdir(folder())).toEqual([]);
});
