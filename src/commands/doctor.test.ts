import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cliOfEachTest } from './testing/cli.ts';

const { folder, dataDir, run, serve } = cliOfEachTest();

test('sees a server that runs', async () => {
  const { child } = await serve();
  const { code, stdout } = await run(['doctor', '--json']);
  const findings = JSON.parse(stdout);
  expect(code).toBe(0);
  expect(findings).toContainEqual(
    expect.objectContaining({ name: 'server', state: 'ok', detail: expect.stringContaining(`process ${child.pid}`) }),
  );
  expect(findings).toContainEqual({ name: 'database', state: 'ok', detail: 'works' });
});

test('finds all in order, and makes nothing', async () => {
  for (const made of [[], ['data']]) {
    const { code, stdout } = await run(['doctor']);
    expect(stdout).not.toContain('✗');
    expect(code).toBe(0);
    expect(await readdir(folder(), { recursive: true })).toEqual(made);
    await mkdir(dataDir(), { recursive: true });
  }
});

test('looks at a store beside a new data directory too, and at what can be made at all', async () => {
  const objects = join(folder(), 'objects');
  const finding = async (name: string, env: Record<string, string>) => {
    const { stdout } = await run(['doctor', '--json'], env);
    return (JSON.parse(stdout) as { name: string }[]).find((each) => each.name === name);
  };
  const STORAGE_URL = `file://${objects}`;
  const made = { state: 'ok', detail: `${STORAGE_URL} is made at the first start` };
  expect(await finding('objects', { STORAGE_URL })).toMatchObject(made);
  await mkdir(objects);
  expect(await finding('objects', { STORAGE_URL })).toMatchObject({ state: 'ok', detail: 'works' });
  await writeFile(join(folder(), 'file'), '');
  expect(await finding('objects', { STORAGE_URL: `file://${folder()}/file/objects` })).toMatchObject({
    state: 'failed',
    detail: expect.stringMatching(/cannot be made; nothing can be made in .*file: a part of the path is not a folder/),
  });
  const DATA_DIR = process.platform === 'linux' ? '/proc/holdfast' : join(folder(), 'file', 'data');
  expect(await finding('data directory', { DATA_DIR })).toMatchObject({
    state: 'failed',
    detail: expect.stringContaining('nothing can be made in'),
  });
});

test('says what is wrong and how to mend it', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  try {
    const { port } = other.address() as AddressInfo;
    const { code, stdout } = await run(['doctor'], { PORT: String(port), HOST: '127.0.0.1' });
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ port .*\n.*→ Stop what listens there/);
  } finally {
    other.close();
  }
  const { code, stdout } = await run(['doctor'], { PORT: 'x' });
  expect(code).toBe(1);
  expect(stdout).toContain('✗ settings');
});
