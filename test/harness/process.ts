import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { until, within } from './until.ts';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

export type Environment = Readonly<Record<string, string>>;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Finished extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/** A server that runs as a process of its own. */
export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  /** All that it has printed. */
  output(): string;
  /** Sends a signal and waits for the end; safe when it has ended already. */
  kill(signal: NodeJS.Signals): Promise<Exit>;
  readonly exited: Promise<Exit>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Only what a program needs to run: a setting in the tester's own shell must not change what is tested. */
const bare = (env: Environment): Environment => ({
  PATH: process.env.PATH ?? '',
  HOME: process.env.HOME ?? '',
  TMPDIR: process.env.TMPDIR ?? '/tmp',
  ...env,
});

/** What it prints is kept in memory; with `log`, in that file, behind what stands there. */
function launch(args: readonly string[], env: Environment, log?: string) {
  const file = log === undefined ? undefined : openSync(log, 'a');
  const begin = file === undefined ? 0 : fstatSync(file).size;
  const to = file ?? 'pipe';
  const child = spawn(process.execPath, [CLI, ...args], { env: bare(env), stdio: ['ignore', to, to] });
  if (file !== undefined) closeSync(file);
  running.add(child);
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text;
    });
  }
  const output = () =>
    log === undefined ? `${printed.stdout}${printed.stderr}` : readFileSync(log).subarray(begin).toString();
  const exited = once(child, 'close').then(([code, signal]): Exit => {
    running.delete(child);
    return { code, signal };
  });
  return { child, printed, output, exited };
}

/** Runs one command of the program to its end. */
export async function runCli(
  args: readonly string[],
  env: Environment,
  { deadline = 180_000 } = {},
): Promise<Finished> {
  const { child, printed, exited } = launch(args, env);
  try {
    const exit = await within(deadline, `holdfast ${args.join(' ')}`, exited);
    return { ...exit, ...printed };
  } finally {
    child.kill('SIGKILL');
  }
}

/** Starts one command of the program, for whoever looks at it meanwhile or kills it. */
export function spawnCli(args: readonly string[], env: Environment): Omit<ServerProcess, 'url'> {
  const { child, output, exited } = launch(args, env);
  return {
    pid: child.pid as number,
    output,
    exited,
    async kill(signal) {
      child.kill(signal);
      return within(120_000, `holdfast ${args.join(' ')} to end after ${signal}`, exited);
    },
  };
}

/** A server that was started and may not answer yet. */
export interface StartingServer extends Omit<ServerProcess, 'url'> {
  /** Resolves when it answers. Throws, with what it printed, where it ends before that. */
  ready(): Promise<ServerProcess>;
}

export function spawnServer(env: Environment, services: readonly string[] = [], log?: string): StartingServer {
  const { child, output, exited } = launch(['serve', ...services], env, log);
  let ended: Exit | undefined;
  exited.then((exit) => {
    ended = exit;
  });
  const common = {
    pid: child.pid as number,
    output,
    exited,
    async kill(signal: NodeJS.Signals) {
      child.kill(signal);
      return within(120_000, `the server to end after ${signal}`, exited);
    },
  };
  const look = async () => {
    if (ended) throw new Error(`It ended with ${JSON.stringify(ended)}.`);
    const url = /https?:\/\/127\.0\.0\.1:\d+/.exec(output())?.[0];
    return url && (await isReady(url)) && url;
  };
  return {
    ...common,
    async ready() {
      try {
        const url = await until('the server to be ready', look, { within: 240_000, every: 20, stopOnError: true });
        return { ...common, url };
      } catch (error) {
        child.kill('SIGKILL');
        throw new Error(`The server did not start. It printed:\n${output()}`, { cause: error });
      }
    },
  };
}

const isReady = (url: string) =>
  fetch(`${url}/readyz`).then(
    (answer) => answer.ok,
    () => false,
  );

/** Starts a server and resolves when it answers. */
export const startServer = (env: Environment, services?: readonly string[], log?: string): Promise<ServerProcess> =>
  spawnServer(env, services, log).ready();

/** Process ids of the children of a process; Linux only, elsewhere none. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Whether a process is still there. One that has ended is not, though nobody may have asked yet how (a zombie). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** The most memory that a process has had resident, in bytes; undefined where the system does not tell. */
export function peakMemory(pid: number): number | undefined {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
