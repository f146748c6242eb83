import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const CLI = fileURLToPath(new URL('../cli.ts', import.meta.url));
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-certs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Where there are no settings at all: certificates are made before there is anything to set. */
const certs = (...args: string[]) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [CLI, 'certs', ...args], { cwd: folder, env: {} }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });

test('are made, shown, added to and renewed', async () => {
  expect(await certs('init', '--host', 'files.internal')).toMatchObject({ code: 0, stderr: '' });
  expect(await readdir(join(folder, 'certs'))).toContain('gateway.key');
  expect(await certs('issue', 'client/billing', '--days', '10')).toMatchObject({ code: 0 });
  const shown = JSON.parse((await certs('show', '--json')).stdout);
  expect(shown).toContainEqual(expect.objectContaining({ file: 'client-billing', names: ['client/billing'] }));
  const { stdout } = await certs('renew', '--days', '365');
  expect(stdout).toMatch(/^client-billing {2}until \d{4}-\d\d-\d\d {2}localhost/);
  expect((await certs('renew')).stdout).toBe('None expires within 30 days.\n');
});

test('what is wrong is said in a line', async () => {
  expect(await certs('show')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^holdfast: There are no cert.*\n$/),
  });
  await certs('init');
  expect(await certs('init')).toMatchObject({ code: 1, stderr: expect.stringContaining('--force') });
  expect(await certs('issue', 'nobody')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('"nobody" is no name'),
  });
  expect(await certs('init', '--days', 'many')).toMatchObject({ code: 2 });
  expect(await certs('issue')).toMatchObject({ code: 2 });
});
