import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-test-run-'));
  symlinkSync(join(import.meta.dirname, '../node_modules'), join(folder, 'node_modules'));
  const collector = join(import.meta.dirname, 'test/collector.ts');
  write('vitest.config.js', `export default { test: { reporters: ['default', ${JSON.stringify(collector)}] } };`);
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, source: string) => writeFileSync(join(folder, name), source);
const writeTests = (name: string, source: string) =>
  write(name, `import { afterAll, beforeAll, describe, expect, test } from 'vitest';\n${source}`);

async function run() {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'test.ts'), '--root', folder], { stdio: 'pipe' });
  const [out, [code]] = await Promise.all([text(child.stdout), once(child, 'close'), text(child.stderr)]);
  return { code, out, lastLine: out.trimEnd().split('\n').at(-1) };
}

test('counts, and gives the reasons for what was skipped', async () => {
  writeTests(
    'a.test.js',
    `test('one', () => {});
     test('two', () => {});
     test('three', (context) => context.skip('needs a server'));
     test.skip('four', () => {});
     test.todo('five');`,
  );
  const { code, out, lastLine } = await run();
  expect({ code, lastLine }).toEqual({ code: 0, lastLine: '2 passed, 0 failed, 3 skipped' });
  expect(out).toContain('  needs a server\n    a.test.js > three\n');
});

test('names a test that passed at the second try only, and says what broke the first', async () => {
  writeTests(
    'a.test.js',
    `let tries = 0;
     test('one', () => {});
     test('two', { retry: 1 }, () => { tries += 1; expect(tries).toBe(2); });`,
  );
  const { code, out, lastLine } = await run();
  expect({ code, lastLine }).toEqual({ code: 0, lastLine: '2 passed, 0 failed, 0 skipped' });
  expect(out).toContain('Passed at the second try: a.test.js > two\n    AssertionError: expected 1 to be 2');
  expect(out.trimEnd().split('\n').at(-2)).toBe('1 of those that passed did so at the second try only');
});

test.each([
  ['a failed test', `test('a', () => {}); test('b', () => expect(1).toBe(2));`, '1 passed, 1 failed, 0 skipped'],
  [
    'a test that fails twice, and a hook that is not tried again',
    `let tries = 0;
     test('a', { retry: 1 }, () => expect(1).toBe(2));
     describe('b', () => {
       beforeAll(() => { tries += 1; if (tries === 1) throw new Error('broken'); });
       test('c', { retry: 1 }, () => {});
     });`,
    '0 passed, 3 failed, 0 skipped',
  ],
  ['a file that cannot be loaded', `throw new Error('broken');`, '0 passed, 1 failed, 0 skipped'],
  [
    'a hook that fails before tests',
    `describe('a', () => { beforeAll(() => { throw new Error('broken'); }); test('b', () => {}); });`,
    '0 passed, 2 failed, 0 skipped',
  ],
  [
    'a hook that fails after tests',
    `describe('a', () => { afterAll(() => { throw new Error('broken'); }); test('b', () => {}); });`,
    '1 passed, 1 failed, 0 skipped',
  ],
  [
    'an error that nobody handles',
    `test('a', async () => { setTimeout(() => { throw new Error('lost'); }); await new Promise((r) => setTimeout(r, 50)); });`,
    '1 passed, 1 failed, 0 skipped',
  ],
  ['no test at all', '', '0 passed, 1 failed, 0 skipped'],
  ['a killed worker', `test('a', () => process.kill(process.pid, 'SIGKILL'));`, '0 passed, 2 failed, 0 skipped'],
  ['a killed run', `test('a', () => process.kill(process.ppid, 'SIGKILL'));`, '0 passed, 1 failed, 0 skipped'],
])('%s is a failure', async (_, source, lastLine) => {
  writeTests('a.test.js', source);
  expect(await run()).toMatchObject({ code: 1, lastLine });
});

test('a run that cannot begin is a failure', async () => {
  write('vitest.config.js', 'throw new Error("broken");');
  expect(await run()).toMatchObject({ code: 1, lastLine: '0 passed, 1 failed, 0 skipped' });
});
