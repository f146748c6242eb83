import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { confinement } from './confinement.ts';

let folder: string;
let outside: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'holdfast-confined-')));
  outside = await realpath(await mkdtemp(join(tmpdir(), 'holdfast-outside-')));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  await rm(outside, { recursive: true });
});

/** Runs a script as a child of the pool runs, and answers what it sends. */
async function confined(script: string): Promise<unknown> {
  const path = join(folder, 'script.mjs');
  await writeFile(path, script);
  const child = fork(path, {
    cwd: folder,
    env: {},
    execArgv: confinement(folder),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [message] = await once(child, 'message');
  child.disconnect();
  await once(child, 'exit');
  return message;
}

test('a child reads and writes in its own folder, reads our code, and nothing else', async () => {
  const secret = join(outside, 'secret');
  await writeFile(secret, 'secret');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ours = fileURLToPath(new URL('./confinement.ts', import.meta.url));
  const result = await confined(`
    import { execSync } from 'node:child_process';
    import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
    import { connect } from 'node:net';
    const attempts = {
      ownWrite: () => writeFileSync('own', 'x'),
      ownRead: () => readFileSync('own'),
      code: () => readFileSync(${JSON.stringify(ours)}),
      secret: () => readFileSync(${JSON.stringify(secret)}),
      system: () => readFileSync('/etc/hosts'),
      list: () => readFileSync(${JSON.stringify(outside)}),
      write: () => writeFileSync(${JSON.stringify(join(outside, 'new'))}, 'x'),
      codeWrite: () => writeFileSync(${JSON.stringify(ours)}, 'x', { flag: 'a' }),
      link: () => { symlinkSync(${JSON.stringify(secret)}, 'link'); readFileSync('link'); },
      process: () => execSync('true'),
    };
    // Node.js hands this one on by itself, where a report of coverage is made.
    delete process.env.NODE_V8_COVERAGE;
    const result = { environment: Object.keys(process.env).length };
    for (const [name, attempt] of Object.entries(attempts)) {
      try { attempt(); result[name] = 'done'; } catch (error) { result[name] = error.code; }
    }
    result.network = await new Promise((resolve) => {
      try {
        connect(${port}, '127.0.0.1').on('connect', function () { this.destroy(); resolve('done'); }).on('error', (error) => resolve(error.code));
      } catch (error) { resolve(error.code); }
    });
    process.send(result);
  `);
  server.close();
  expect(result).toEqual({
    environment: 0,
    ownWrite: 'done',
    ownRead: 'done',
    code: 'done',
    secret: 'ERR_ACCESS_DENIED',
    system: 'ERR_ACCESS_DENIED',
    list: 'ERR_ACCESS_DENIED',
    write: 'ERR_ACCESS_DENIED',
    codeWrite: 'ERR_ACCESS_DENIED',
    link: 'ERR_ACCESS_DENIED',
    process: 'ERR_ACCESS_DENIED',
    // Node 24 cannot forbid it yet.
    network: process.allowedNodeEnvironmentFlags.has('--allow-net') ? 'ERR_ACCESS_DENIED' : 'done',
  });
});
