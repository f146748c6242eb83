import { once } from 'node:events';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Config, readConfig } from '../config.ts';
import { initCertificates } from './certs/folder.ts';
import { DataDirLocked } from './data-dir-lock.ts';
import { type Holdfast, startHoldfast } from './start.ts';

const log = pino({ level: 'silent' });
const started: Holdfast[] = [];
let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdfast-start-'));
});
afterEach(async () => {
  for (const holdfast of started.splice(0)) await holdfast.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function start(changes: Partial<Config> = {}): Promise<Holdfast> {
  const holdfast = await startHoldfast({ ...readConfig({ DATA_DIR: dataDir, PORT: '0' }), ...changes }, { log });
  started.push(holdfast);
  return holdfast;
}

function tablesOf(file: string): string[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .all()
      .map(({ name }) => String(name));
  } finally {
    database.close();
  }
}

test('starts, sweeps, stops, and starts again on what it kept', async () => {
  const first = await start();
  expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
  const report = await first.sweep({ dryRun: false, signal: new AbortController().signal });
  expect(report.failures).toBe(0);
  await Promise.all([first.stop(), first.stop()]);
  await expect(fetch(`${first.url}/healthz`)).rejects.toThrow();
  expect(await readdir(dataDir)).not.toContain('control.sock');

  const second = await start();
  expect((await fetch(`${second.url}/readyz`)).status).toBe(200);
});

test('refuses a data directory that is taken, and leaves the one who has it alone', async () => {
  const { url } = await start();
  await expect(start()).rejects.toBeInstanceOf(DataDirLocked);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
});

test('a start that failed leaves nothing behind, not even a table: the next one works', async () => {
  const certs = join(dataDir, 'certs');
  await initCertificates(certs, { hosts: ['localhost'], days: 1, force: false });
  const tls = { tlsCa: join(certs, 'ca.pem'), tlsCert: join(certs, 'files.pem'), tlsKey: join(certs, 'files.key') };
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  try {
    await expect(start({ port })).rejects.toThrow(`Port ${port} on 127.0.0.1 is in use.`);
    await expect(start({ ...tls, grpcPort: port })).rejects.toThrow(/^GRPC_PORT: /);
    await expect(start({ presetsFile: join(dataDir, 'none.json') })).rejects.toThrow(/^PRESETS_FILE: /);
  } finally {
    other.close();
  }
  expect(await readdir(dataDir)).not.toContain('holder.json');
  expect(tablesOf(join(dataDir, 'holdfast.db'))).toEqual([]);
  const { url } = await start();
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
});

test('refuses to serve files whose objects are not there, as when a disk is not mounted', async () => {
  const { url, stop } = await start();
  const call = (path: string, init: RequestInit) => fetch(url + path, { method: 'POST', ...init });
  const account = JSON.stringify({ email: 'ada@example.com', password: 'correct horse' });
  const json = { 'content-type': 'application/json' };
  await call('/api/auth/signup', { headers: json, body: account });
  const { access_token } = (await (await call('/api/auth/login', { headers: json, body: account })).json()) as {
    access_token: string;
  };
  const headers = { authorization: `Bearer ${access_token}`, 'content-type': 'text/plain' };
  expect((await call('/api/files?name=a.txt', { headers, body: 'hello' })).status).toBe(202);
  await stop();
  await rename(join(dataDir, 'objects'), join(dataDir, 'unmounted'));
  await expect(start()).rejects.toThrow(/Is the right disk mounted/);
  await rm(join(dataDir, 'objects'), { recursive: true });
  await rename(join(dataDir, 'unmounted'), join(dataDir, 'objects'));
  await start();
});
