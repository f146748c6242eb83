import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Connection, head } from './http.ts';

export interface Server {
  readonly url: string;
  readonly pid: number;
  /** Where its data is. */
  readonly folder: string;
  stop(): Promise<void>;
}

const root = new URL('..', import.meta.url).pathname;
/** Both sides alike. */
const THREADS = { UV_THREADPOOL_SIZE: '8', MALLOC_ARENA_MAX: '2' };

async function start(args: string[], folder: string, environment: Record<string, string>): Promise<Server> {
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env.PATH, ...THREADS, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await firstUrl(child);
  return {
    url,
    pid: child.pid as number,
    folder,
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function firstUrl(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  for await (const line of lines) {
    const match = /http:\/\/127\.0\.0\.1:\d+/.exec(line);
    if (match) {
      child.stdout?.resume();
      return match[0];
    }
  }
  throw new Error('The server ended before it listened.');
}

const temporary = () => mkdtemp(join(process.env.BENCH_DIR ?? tmpdir(), 'holdfast-bench-'));

export async function startRaw(): Promise<Server> {
  const folder = await temporary();
  return start([join(root, 'bench/raw-server.ts'), join(folder, 'files')], folder, {});
}

/** As `npm start` does it. */
export async function startHoldfast(environment: Record<string, string> = {}): Promise<Server> {
  const folder = await temporary();
  const dataDir = join(folder, 'data');
  const server = await start([join(root, 'bin/launch.mjs'), 'serve'], folder, {
    DATA_DIR: dataDir,
    PORT: '0',
    LOG_LEVEL: 'info',
    ...environment,
  });
  // What was started is the launcher; what is measured, the server.
  const { pid } = JSON.parse(await readFile(join(dataDir, 'holder.json'), 'utf8'));
  return { ...server, pid };
}

/** Of the account that acts where no other is named; others have its password. */
export const CREDENTIALS = { email: 'bench@example.com', password: 'a long enough password' };

/** An account on a server; answers the headers that act for it. */
export async function signUp(url: string, email = CREDENTIALS.email): Promise<{ authorization: string }> {
  const connection = await Connection.open(url);
  const credentials = Buffer.from(JSON.stringify({ ...CREDENTIALS, email }));
  const headers = { 'content-type': 'application/json', 'content-length': credentials.length };
  await connection.send(head('POST', '/api/auth/signup', headers), credentials);
  const answer = await connection.send(head('POST', '/api/auth/login', headers), credentials, true);
  connection.close();
  const { access_token } = JSON.parse(String(answer.body));
  return { authorization: `Bearer ${access_token}` };
}
