import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readlink, rm, truncate, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../../../test/harness/until.ts';
import { pump } from './pump.ts';

const bytes = randomBytes(5 * 1024 * 1024 + 77);
let folder: string;
let path: string;
let server: Server;
let near: Socket;
let far: Socket;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-pump-'));
  path = join(folder, 'file');
  await writeFile(path, bytes);
  const accepted = Promise.withResolvers<Socket>();
  server = createServer((socket) => accepted.resolve(socket)).listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  far = connect((server.address() as { port: number }).port, '127.0.0.1');
  far.on('error', () => undefined);
  near = await accepted.promise;
  near.on('error', () => undefined);
});

afterEach(async () => {
  far.destroy();
  near.destroy();
  server.close();
  await rm(folder, { recursive: true });
});

const whole = () => [{ path, start: 0, length: bytes.length }];

async function openDescriptors(): Promise<number> {
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  return links.filter((link) => link === path).length;
}

describe('pump', () => {
  it('sends what is there, also to one who takes it in fits and starts', async () => {
    const received: Buffer[] = [];
    const sent = pump(whole(), near).then(() => near.end());
    for await (const chunk of far) {
      received.push(Buffer.from(chunk));
      if (received.length % 8 === 0) await new Promise((resume) => setImmediate(resume));
    }
    await sent;
    expect(Buffer.concat(received).equals(bytes)).toBe(true);
  });

  it('sends several stretches one after another', async () => {
    const stretches = [
      { path, start: 10, length: 1_000_000 },
      { path, start: 0, length: 0 },
      { path, start: 3_000_001, length: 7 },
    ];
    const sent = pump(stretches, near).then(() => near.end());
    const received = Buffer.concat(await far.toArray());
    await sent;
    expect(received.equals(Buffer.concat([bytes.subarray(10, 1_000_010), bytes.subarray(3_000_001, 3_000_008)]))).toBe(
      true,
    );
  });

  it.runIf(process.platform === 'linux')('ends, and closes the file, when the destination closes', async () => {
    far.pause();
    const sent = pump(whole(), near).then(
      () => 'sent',
      () => 'failed',
    );
    await until('the file to be open', async () => (await openDescriptors()) === 1);
    far.resetAndDestroy();
    expect(await sent).toBe('failed');
    expect(await openDescriptors()).toBe(0);
  });

  it('ends when it is aborted while nobody takes anything', async () => {
    far.pause();
    const abort = new AbortController();
    const sent = pump(whole(), near, abort.signal);
    abort.abort(new Error('enough'));
    await expect(sent).rejects.toThrow('enough');
  });

  it('refuses a destination that is closed', async () => {
    near.destroy();
    await expect(pump(whole(), near)).rejects.toThrow('closed');
  });

  it('fails where the file is shorter than it was', async () => {
    far.resume();
    await truncate(path, 1_000_000);
    await expect(pump(whole(), near)).rejects.toThrow();
  });
});
