import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSecrets } from './secrets.ts';
import { StartError } from './start-error.ts';

let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdfast-secrets-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

test('a secret is made once, kept for us alone, and gives the same keys again', async () => {
  const made = await openSecrets(dataDir, undefined);
  const path = join(dataDir, 'secret');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readFile(path, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
  expect(await readdir(dataDir)).toEqual(['secret']);
  expect(await openSecrets(dataDir, undefined)).toEqual(made);
});

test('each purpose has a key of its own, which is not the secret', async () => {
  const { jwt, confirmUrl, signedUrl } = await openSecrets(dataDir, undefined);
  const root = (await readFile(join(dataDir, 'secret'), 'utf8')).trim();
  const keys = [jwt, confirmUrl, signedUrl].map((key) => Buffer.from(key).toString('hex'));
  expect(new Set([...keys, root]).size).toBe(4);
  for (const key of keys) expect(key).toHaveLength(64);
});

test('JWT_SECRET takes the place of the kept one, and nothing is written', async () => {
  const one = await openSecrets(dataDir, 'a'.repeat(32));
  const other = await openSecrets(dataDir, 'b'.repeat(32));
  expect(one.jwt).not.toEqual(other.jwt);
  expect(await openSecrets(dataDir, 'a'.repeat(32))).toEqual(one);
  expect(await readdir(dataDir)).toEqual([]);
});

test('JWT_SECRET can be the secret that another data directory keeps', async () => {
  const kept = await openSecrets(dataDir, undefined);
  const root = (await readFile(join(dataDir, 'secret'), 'utf8')).trim();
  expect(await openSecrets('/nowhere', `hex:${root}`)).toEqual(kept);
  expect(await openSecrets('/nowhere', root)).not.toEqual(kept);
});

test.each(['', 'not hexadecimal', 'ab'.repeat(31), `${'ab'.repeat(16)}zz${'ab'.repeat(15)}`])(
  'a damaged secret is refused, not replaced: %j',
  async (content) => {
    const path = join(dataDir, 'secret');
    await writeFile(path, content);
    await expect(openSecrets(dataDir, undefined)).rejects.toBeInstanceOf(StartError);
    expect(await readFile(path, 'utf8')).toBe(content);
  },
);
