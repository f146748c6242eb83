import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { breaksOf, checkContracts, keepAsBaseline } from './contracts.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'holdfast-contracts-'));
  await cp(join(REPOSITORY, 'proto'), join(root, 'proto'), { recursive: true });
  await cp(join(REPOSITORY, 'buf.yaml'), join(root, 'buf.yaml'));
  await symlink(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'));
});
afterEach(() => rm(root, { recursive: true }));

async function change(path: string, from: string | RegExp, to: string): Promise<void> {
  const file = join(root, 'proto/holdfast', path);
  const text = await readFile(file, 'utf8');
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  await writeFile(file, changed);
}

test('the contracts are as they were kept', async () => {
  expect(await checkContracts(root)).toBe('');
});

test.each<[string, string, string | RegExp, string]>([
  ['a renumbered field', 'v1/auth.proto', 'string email = 2;', 'string email = 9;'],
  ['a renamed field', 'v1/auth.proto', 'string email = 2;', 'string mail = 2;'],
  ['a field of another type', 'v1/file.proto', 'int32 failed = 4;', 'string failed = 4;'],
  ['a field that is gone', 'internal/v1/work.proto', /\n *bool apart = 7;/, ''],
  ['a value that is gone', 'v1/file.proto', /\n *JOB_STATE_CANCELLED = 6;/, ''],
  ['a method that is gone', 'internal/v1/event.proto', /rpc ReadEvents[^}]*}/, ''],
  ['a method that may not be repeated any more', 'v1/auth.proto', 'NO_SIDE_EFFECTS', 'IDEMPOTENCY_UNKNOWN'],
])('%s breaks callers', async (_, path, from, to) => {
  await change(path, from, to);
  expect(await breaksOf(root)).toContain(path);
  expect(await checkContracts(root)).toContain('Callers built against the contracts would break.');
});

test('what is added breaks nobody, and is to be kept', async () => {
  await change('v1/auth.proto', 'string email = 2;', 'string email = 2;\n  string locale = 1000;');
  expect(await breaksOf(root)).toBe('');
  expect(await checkContracts(root)).toContain('run `npm run generate`');
  expect(await keepAsBaseline(root)).toBe('');
  expect(await checkContracts(root)).toBe('');
});
