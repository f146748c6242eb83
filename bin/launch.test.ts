import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

/** A registry with one package, `greeting`, whose every version says its number. */
let registry: Server;
let packages: string;
let requests: string[];
/** Called with the path of each request, before it is answered. */
let onRequest: (path: string) => void;
let checkout: string;
const running: ChildProcess[] = [];

beforeAll(async () => {
  packages = mkdtempSync(join(tmpdir(), 'holdfast-packages-'));
  const tarballs = new Map(['1.0.0', '2.0.0'].map((version) => [version, pack(version)]));
  registry = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    onRequest(path);
    const tarball = tarballs.get(path.match(/^\/greeting-(.+)\.tgz$/)?.[1] ?? '');
    if (tarball) response.end(tarball);
    else if (path === '/greeting') response.end(JSON.stringify(packument(tarballs)));
    else response.writeHead(404).end('{}');
  });
  await once(registry.listen(0, '127.0.0.1'), 'listening');
});

afterAll(() => {
  registry.closeAllConnections();
  registry.close();
  rmSync(packages, { recursive: true });
});

beforeEach(() => {
  requests = [];
  onRequest = () => {};
  checkout = mkdtempSync(join(tmpdir(), 'holdfast-checkout-'));
  for (const name of ['launch.mjs', 'holdfast.mjs'])
    cpSync(join(import.meta.dirname, name), join(checkout, 'bin', name));
  cpSync(join(import.meta.dirname, 'launch'), join(checkout, 'bin/launch'), { recursive: true });
  writeFileSync(join(checkout, '.npmrc'), 'audit=false\n');
  mkdirSync(join(checkout, 'src'));
  program('import { greeting } from "greeting"; console.log(greeting, ...process.argv.slice(2));');
  want('1.0.0');
});

afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  }
  rmSync(checkout, { recursive: true, maxRetries: 5 });
});

function pack(version: string): Buffer {
  const folder = join(packages, version, 'package');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'greeting', version, type: 'module', main: 'x.js' }),
  );
  writeFileSync(join(folder, 'x.js'), `export const greeting = 'greeting ${version}';`);
  const { status } = spawnSync('tar', ['-czf', 'package.tgz', 'package'], { cwd: join(packages, version) });
  expect(status).toBe(0);
  return readFileSync(join(packages, version, 'package.tgz'));
}

const integrityOf = (tarball: Buffer) => `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
const address = () => `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;

const packument = (tarballs: Map<string, Buffer>) => ({
  name: 'greeting',
  'dist-tags': { latest: '2.0.0' },
  versions: Object.fromEntries(
    [...tarballs].map(([version, tarball]) => [
      version,
      {
        name: 'greeting',
        version,
        dist: { tarball: `${address()}/greeting-${version}.tgz`, integrity: integrityOf(tarball) },
      },
    ]),
  ),
});

/** Locks the checkout to a version of the package. */
function want(version: string) {
  const dependencies = { greeting: version };
  const integrity = integrityOf(readFileSync(join(packages, version, 'package.tgz')));
  const root = { name: 'checkout', version: '1.0.0', dependencies };
  const lock = {
    ...root,
    lockfileVersion: 3,
    requires: true,
    packages: { '': root, 'node_modules/greeting': { version, integrity } },
  };
  writeFileSync(join(checkout, 'package.json'), JSON.stringify({ ...root, type: 'module' }));
  writeFileSync(join(checkout, 'package-lock.json'), JSON.stringify(lock));
}

/** A checkout that needs no package, and in which npm has been. */
function wantNothing() {
  const root = { name: 'checkout', version: '1.0.0' };
  writeFileSync(join(checkout, 'package.json'), JSON.stringify({ ...root, type: 'module' }));
  writeFileSync(join(checkout, 'package-lock.json'), JSON.stringify({ ...root, packages: { '': root } }));
  mkdirSync(join(checkout, 'node_modules'));
  writeFileSync(join(checkout, 'node_modules/.package-lock.json'), JSON.stringify({ packages: {} }));
}

const program = (source: string) => writeFileSync(join(checkout, 'src/cli.ts'), source);

function start(...args: string[]) {
  const env = { ...process.env, npm_config_registry: address(), npm_config_cache: join(checkout, 'cache') };
  const child = spawn(process.execPath, [join(checkout, 'bin/launch.mjs'), ...args], { env, stdio: 'pipe' });
  running.push(child);
  const result = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([out, err, [code, signal]]) => ({ out, err, code, signal }),
  );
  return { child, result };
}
const launch = (...args: string[]) => start(...args).result;

test('the command of the package is the launcher in a checkout, and what was built elsewhere', () => {
  wantNothing();
  program('console.log("from source", ...process.argv.slice(2));');
  const command = () =>
    spawnSync(process.execPath, [join(checkout, 'bin/holdfast.mjs'), 'doctor'], { encoding: 'utf8' }).stdout;
  expect(command()).toBe('from source doctor\n');
  rmSync(join(checkout, 'bin/launch.mjs'));
  mkdirSync(join(checkout, 'dist'));
  writeFileSync(join(checkout, 'dist/cli.js'), 'console.log("built", ...process.argv.slice(2));');
  expect(command()).toBe('built doctor\n');
});

test('the first start installs, the second asks nobody', async () => {
  const first = await launch('serve', '--port', '1');
  expect(first).toMatchObject({ out: 'greeting 1.0.0 serve --port 1\n', code: 0 });
  expect(first.err).toBe('holdfast: installing dependencies …\n');
  expect(requests).not.toEqual([]);

  requests = [];
  expect(await launch()).toEqual({ out: 'greeting 1.0.0\n', err: '', code: 0, signal: null });
  expect(requests).toEqual([]);
});

test('a changed lock is installed', async () => {
  await launch();
  want('2.0.0');
  expect(await launch()).toMatchObject({ out: 'greeting 2.0.0\n', code: 0 });
});

test('what npm installed is taken as it is', async () => {
  await launch();
  rmSync(join(checkout, 'node_modules/.made-from'));
  requests = [];
  expect(await launch()).toMatchObject({ out: 'greeting 1.0.0\n', err: '' });
  expect(requests).toEqual([]);
});

test('a package that is not there is put back', async () => {
  await launch();
  rmSync(join(checkout, 'node_modules/.made-from'));
  rmSync(join(checkout, 'node_modules/greeting'), { recursive: true });
  expect(await launch()).toMatchObject({ out: 'greeting 1.0.0\n', code: 0 });
});

test('several starts at a time all succeed', async () => {
  const results = await Promise.all([launch('1'), launch('2'), launch('3')]);
  expect(results.map(({ out, code }) => ({ out, code }))).toEqual(
    ['1', '2', '3'].map((name) => ({ out: `greeting 1.0.0 ${name}\n`, code: 0 })),
  );
  expect(readdirSync(join(checkout, '.cache'))).toEqual([]);
});

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'an install that %s ends leaves what was there, and the next one works',
  async (signal) => {
    await launch();
    want('2.0.0');
    const interrupted = start();
    onRequest = (path) => path.endsWith('.tgz') && interrupted.child.kill(signal);
    expect(await interrupted.result).toMatchObject({ out: '', signal });
    expect(existsSync(join(checkout, 'node_modules/greeting/x.js'))).toBe(true);

    onRequest = () => {};
    expect(await launch()).toMatchObject({ out: 'greeting 2.0.0\n', code: 0 });
  },
);

test('an install that fails says what to do, and shows what npm said', async () => {
  want('1.0.0');
  const lock = join(checkout, 'package-lock.json');
  writeFileSync(lock, readFileSync(lock, 'utf8').replace(/sha512-[^"]+/, `sha512-${'A'.repeat(86)}==`));
  const { out, err, code } = await launch();
  expect({ out, code }).toEqual({ out: '', code: 1 });
  expect(err).toContain('EINTEGRITY');
  expect(err).toContain('Check the connection');
  expect(existsSync(join(checkout, 'node_modules'))).toBe(false);
  expect(readdirSync(join(checkout, '.cache'))).toEqual([]);
});

test('a missing tool is named', async () => {
  wantNothing();
  expect(await launch('--tool', 'nothing')).toMatchObject({ code: 1, err: expect.stringContaining('"nothing"') });
});

test.each([
  ['an exit code', 'process.exit(7)', { code: 7, signal: null }],
  ['a signal', 'process.kill(process.pid, "SIGKILL")', { code: null, signal: 'SIGKILL' }],
])('ends as the program ends: with %s', async (_, source, end) => {
  wantNothing();
  program(source);
  expect(await launch()).toMatchObject(end);
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('passes %s on and waits for the end', async (signal) => {
  wantNothing();
  program(
    `process.on('${signal}', () => setImmediate(() => { console.log('stopping'); process.exit(3); }));
     setInterval(() => {}, 1000);
     console.log('up');`,
  );
  const { child, result } = start();
  child.stdout.once('data', () => child.kill(signal));
  expect(await result).toMatchObject({ out: 'up\nstopping\n', code: 3, signal: null });
});

test('our Node.js and tools come first on PATH, and settings of the user stay', async () => {
  wantNothing();
  program('console.log(process.env.PATH.split(":").slice(0, 2).join(" "), process.env.UV_THREADPOOL_SIZE);');
  const before = process.env.UV_THREADPOOL_SIZE;
  process.env.UV_THREADPOOL_SIZE = '5';
  const { out } = await launch();
  if (before === undefined) delete process.env.UV_THREADPOOL_SIZE;
  else process.env.UV_THREADPOOL_SIZE = before;
  expect(out).toBe(`${join(process.execPath, '..')} ${join(checkout, 'node_modules/.bin')} 5\n`);
});
