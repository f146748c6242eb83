import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { version } from '../app/version.ts';

const CLI = fileURLToPath(new URL('../cli.ts', import.meta.url));
const STACK = /\n\s+at /;

let folder: string;
const children = new Set<ReturnType<typeof spawn>>();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-cli-'));
});
afterEach(async () => {
  await Promise.all(
    [...children].map(async (child) => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }),
  );
  children.clear();
  await rm(folder, { recursive: true, force: true });
});

const dataDir = () => join(folder, 'data');

function launch(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', DATA_DIR: dataDir(), PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text) => {
      printed[name] += text;
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...printed }));
  return { child, printed, ended };
}

const run = (args: readonly string[], env?: Record<string, string>) => launch(args, env).ended;

/** A server that listens. */
async function serve(env?: Record<string, string>) {
  const launched = launch(['serve'], env);
  const { child, printed, ended } = launched;
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', () => {
      const line = printed.stdout.split('\n').find((text) => text.includes('listening on '));
      if (line) resolve(JSON.parse(line).url);
    });
    ended.then((end) => reject(new Error(`It ended: ${JSON.stringify(end)}`)));
  });
  return { ...launched, url };
}

describe('help', () => {
  test('alone, it shows what there is', async () => {
    const { code, stdout } = await run([]);
    expect(code).toBe(0);
    for (const command of ['serve', 'migrate', 'sweep', 'presets', 'certs', 'doctor', 'version']) {
      expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
    }
  });

  test.each([
    'serve',
    'migrate',
    'migrate status',
    'sweep',
    'presets',
    'presets check',
    'certs',
    'certs init',
    'doctor',
    'version',
  ])('%s --help', async (command) => {
    const { code, stdout, stderr } = await run([...command.split(' '), '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Usage: holdfast ${command}`);
  });

  test.each([['version'], ['--version'], ['-V']])('%s', async (argument) => {
    const { code, stdout } = await run([argument]);
    expect(code).toBe(0);
    expect(stdout).toContain(`holdfast ${version}`);
  });
});

describe('wrong use', () => {
  test('an unknown command suggests one, and exits with 2', async () => {
    const { code, stderr } = await run(['sweeep']);
    expect(code).toBe(2);
    expect(stderr).toContain('Did you mean sweep?');
  });

  test.each([[['serve', '--prot', '1']], [['serve', 'extra']], [['sweep', '--dryrun']], [['migrate', 'statuss']]])(
    '%j exits with 2',
    async (args) => {
      const { code, stderr } = await run(args);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^error: /);
      expect(stderr).not.toMatch(STACK);
    },
  );
});

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
    await writeFile(join(folder, '.env'), 'PORT=none\nMAX_RETRIES=many\n');
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
    const { promise: more, resolve: go } = Promise.withResolvers<void>();
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode('{"email":"slow@example.com",'));
        await more;
        controller.enqueue(new TextEncoder().encode('"password":"correct horse battery"}'));
        controller.close();
      },
    });
    const answered = fetch(`${url}/api/auth/signup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      duplex: 'half',
    } as RequestInit);
    // The server has the request once a later one is answered; then it stops listening, which is seen from outside.
    await fetch(`${url}/healthz`);
    child.kill('SIGTERM');
    await expect
      .poll(() =>
        fetch(`${url}/healthz`).then(
          () => 'open',
          () => 'closed',
        ),
      )
      .toBe('closed');
    go();
    expect((await answered).status).toBe(201);
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
    const hanging = fetch(`${url}/api/auth/signup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{')) }),
      duplex: 'half',
    } as RequestInit).catch(() => {});
    await fetch(`${url}/healthz`);
    child.kill('SIGINT');
    await expect
      .poll(() =>
        fetch(`${url}/healthz`).then(
          () => 'open',
          () => 'closed',
        ),
      )
      .toBe('closed');
    const hurry = setInterval(() => child.kill('SIGINT'), 100);
    try {
      expect((await ended).code).toBe(1);
    } finally {
      clearInterval(hurry);
    }
    await hanging;
  });

  test('starts again after kill -9', async () => {
    const first = await serve();
    first.child.kill('SIGKILL');
    await first.ended;
    const { url } = await serve();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  test('sweeps when asked over its socket, also where the path is too long for one', async () => {
    const DATA_DIR = join(folder, 'a'.repeat(120));
    await serve({ DATA_DIR });
    const { code, stdout } = await run(['sweep', '--dry-run', '--json'], { DATA_DIR });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ dryRun: true, failures: 0 });
  });

  test('is seen by the doctor', async () => {
    const { child } = await serve();
    const { code, stdout } = await run(['doctor', '--json']);
    const findings = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(findings).toContainEqual(
      expect.objectContaining({ name: 'server', state: 'ok', detail: expect.stringContaining(`process ${child.pid}`) }),
    );
    expect(findings).toContainEqual({ name: 'database', state: 'ok', detail: 'works' });
  });
});

describe('without a server', () => {
  test('sweep does it by itself', async () => {
    const { child, ended } = await serve();
    child.kill('SIGTERM');
    await ended;
    const { code, stdout } = await run(['sweep']);
    expect(code).toBe(0);
    expect(stdout).toContain('Nothing to do');
  });

  test('sweep where there is no data says so, and makes none', async () => {
    const { code, stderr } = await run(['sweep']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^holdfast: DATA_DIR: no server has kept anything in /);
    expect(await readdir(folder)).toEqual([]);
  });

  test('migrate runs what is due, once', async () => {
    expect((await run(['migrate'])).stdout).toContain('auth: ran 0001_users');
    expect((await run(['migrate'])).stdout).toContain('All is up to date.');
    expect((await run(['migrate', 'status'])).stdout).toMatch(/auth: 0001_users {2}\d{4}-/);
  });

  test('doctor finds all in order, and makes nothing', async () => {
    for (const made of [[], ['data']]) {
      const { code, stdout } = await run(['doctor']);
      expect(stdout).not.toContain('✗');
      expect(code).toBe(0);
      expect(await readdir(folder, { recursive: true })).toEqual(made);
      await mkdir(dataDir(), { recursive: true });
    }
  });

  test('doctor looks at a store beside a new data directory too, and at what can be made at all', async () => {
    const objects = join(folder, 'objects');
    const finding = async (name: string, env: Record<string, string>) => {
      const { stdout } = await run(['doctor', '--json'], env);
      return (JSON.parse(stdout) as { name: string }[]).find((each) => each.name === name);
    };
    const STORAGE_URL = `file://${objects}`;
    const made = { state: 'ok', detail: `${STORAGE_URL} is made at the first start` };
    expect(await finding('objects', { STORAGE_URL })).toMatchObject(made);
    await mkdir(objects);
    expect(await finding('objects', { STORAGE_URL })).toMatchObject({ state: 'ok', detail: 'works' });
    await writeFile(join(folder, 'file'), '');
    expect(await finding('objects', { STORAGE_URL: `file://${folder}/file/objects` })).toMatchObject({
      state: 'failed',
      detail: expect.stringMatching(
        /cannot be made; nothing can be made in .*file: a part of the path is not a folder/,
      ),
    });
    const DATA_DIR = process.platform === 'linux' ? '/proc/holdfast' : join(folder, 'file', 'data');
    expect(await finding('data directory', { DATA_DIR })).toMatchObject({
      state: 'failed',
      detail: expect.stringContaining('nothing can be made in'),
    });
  });

  test('doctor says what is wrong and how to mend it', async () => {
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
});
