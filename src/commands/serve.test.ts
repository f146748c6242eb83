import { once } from 'node:events';
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cliOfEachTest, STACK } from './testing/cli.ts';

const { folder, dataDir, run, serve } = cliOfEachTest();

describe('what keeps it from starting is said in a line each', () => {
  const refused = async (env: Record<string, string>) => {
    const { code, stderr } = await run(['serve'], env);
    expect(code).toBe(1);
    expect(stderr).not.toMatch(STACK);
    return stderr.trimEnd().split('\n');
  };

  test('all wrong values at once', async () => {
    const lines = await refused({ PORT: 'eighty', MAX_FILE_SIZE: 'huge', JWT_SECRET: 'hunter2' });
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^holdfast: PORT: "eighty" is not valid; expected a number/);
    expect(lines.join()).not.toContain('hunter2');
  });

  test('a port that is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    try {
      const { port } = other.address() as AddressInfo;
      const lines = await refused({ PORT: String(port) });
      expect(lines).toEqual([expect.stringMatching(new RegExp(`^holdfast: Port ${port} on 127.0.0.1 is in use`))]);
      expect(await readdir(dataDir())).not.toContain('control.sock');
    } finally {
      other.close();
    }
  });

  test('a data directory that is a file', async () => {
    await writeFile(dataDir(), '');
    expect(await refused({})).toEqual([expect.stringMatching(/^holdfast: DATA_DIR: cannot write to /)]);
  });

  test('a data directory that is not ours to write', async ({ skip }) => {
    skip(process.getuid?.() === 0, 'root may write everywhere');
    await mkdir(dataDir());
    await chmod(dataDir(), 0o500);
    expect(await refused({})).toEqual([expect.stringMatching(/cannot write to .*: permission denied/)]);
  });

  test('a data directory that cannot be made', async () => {
    expect(await refused({ DATA_DIR: '/dev/null/data' })).toEqual([expect.stringMatching(/a part of the path is not/)]);
  });

  test('a data directory that another has', async () => {
    const { child } = await serve();
    expect(await refused({})).toEqual([
      expect.stringMatching(new RegExp(`is in use by another Holdfast \\(process ${child.pid}, holdfast serve\\)`)),
    ]);
  });

  test('a secret that is damaged', async () => {
    await mkdir(dataDir());
    await writeFile(join(dataDir(), 'secret'), 'x');
    expect(await refused({})).toEqual([expect.stringMatching(/secret in .* is damaged/)]);
  });

  test('objects without their database', async () => {
    const { child, ended } = await serve();
    child.kill('SIGTERM');
    await ended;
    for (const suffix of ['', '-wal', '-shm']) await rm(join(dataDir(), `holdfast.db${suffix}`), { force: true });
    expect(await refused({})).toEqual([expect.stringMatching(/object store belongs to another database/)]);
  });
});

describe('settings', () => {
  test('.env counts, and the environment goes before it', async () => {
    await writeFile(join(folder(), '.env'), 'PORT=none\nMAX_RETRIES=many\n');
    const { code, stderr } = await run(['serve'], { PORT: '0' });
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(/^holdfast: MAX_RETRIES: "many"/)]);
  });
});

describe('a running server', () => {
  test('answers, says how to try it, and stops on SIGTERM with 0', async () => {
    const { child, url, printed, ended } = await serve();
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(printed.stdout).toContain(`curl ${url}/api/auth/signup`);
    expect(printed.stdout).toContain(`curl ${url}/api/files`);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(await readdir(dataDir())).not.toContain('control.sock');
  });

  test('lets a request under way end before it stops', async () => {
    const { child, url, ended } = await serve();
    const { sent, answered } = await beginSignUp(url);
    child.kill('SIGTERM');
    await untilClosed(url);
    sent.end('"password":"correct horse battery"}');
    expect((await answered).statusCode).toBe(201);
    expect((await ended).code).toBe(0);
  });

  test('a signal that comes twice, by way of a shell and npm, is one', async () => {
    const { child, ended } = await serve();
    child.kill('SIGTERM');
    child.kill('SIGINT');
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
  });

  test('a later signal ends it at once', async () => {
    const { child, url, ended } = await serve();
    // A request that never ends keeps it from stopping.
    const { answered } = await beginSignUp(url);
    const cutOff = expect(answered).rejects.toThrow();
    child.kill('SIGINT');
    await untilClosed(url);
    const hurry = setInterval(() => child.kill('SIGINT'), 100);
    try {
      expect((await ended).code).toBe(1);
    } finally {
      clearInterval(hurry);
    }
    await cutOff;
  });

  test('starts again after kill -9', async () => {
    const first = await serve();
    first.child.kill('SIGKILL');
    await first.ended;
    const { url } = await serve();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });
});

/** A request that the server has begun with, and whose body is not whole yet. */
async function beginSignUp(url: string) {
  const headers = { 'content-type': 'application/json', expect: '100-continue' };
  const sent = request(`${url}/api/auth/signup`, { method: 'POST', headers });
  const answered = once(sent, 'response').then(([answer]) => (answer as IncomingMessage).resume());
  await once(sent, 'continue');
  sent.write('{"email":"slow@example.com",');
  return { sent, answered };
}

/** Waits until a server that was told to stop takes no more connections. */
const untilClosed = (url: string) =>
  expect
    .poll(() =>
      fetch(`${url}/healthz`).then(
        () => 'open',
        () => 'closed',
      ),
    )
    .toBe('closed');
