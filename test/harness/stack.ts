import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { Api } from './client.ts';
import { type Environment, type Finished, runCli, type ServerProcess, startServer } from './process.ts';

export interface StackOptions {
  readonly database?: 'sqlite';
  readonly objects?: 'disk';
  readonly broker?: 'local';
  /** Settings beside those that say where everything is. */
  readonly env?: Environment;
  /** A folder that is there already and stays; by default a temporary one that goes with the stack. */
  readonly dataDir?: string;
}

/** Holdfast as it was asked for, running on data of its own. */
export interface Stack {
  readonly dataDir: string;
  readonly server: ServerProcess;
  /** A client that is signed in as nobody. */
  readonly api: Api;
  /** Starts it again on the same data; what runs of it must have ended. */
  start(env?: Environment): Promise<void>;
  /** Runs a command of the program with the settings of this stack. */
  cli(...args: string[]): Promise<Finished>;
  /** What all servers of this stack have printed. */
  output(): string;
  /** Ends it and removes its data. */
  dispose(): Promise<void>;
}

export async function startStack({ env = {}, dataDir }: StackOptions = {}): Promise<Stack> {
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'holdfast-')));
  const removeFolder = () => (dataDir ? undefined : rm(folder, { recursive: true, force: true }));
  const servers: ServerProcess[] = [];
  let settings: Environment = { LOG_LEVEL: 'info', ...env, PORT: '0', DATA_DIR: folder };
  const last = () => servers.at(-1) as ServerProcess;

  const start = async (more: Environment = {}) => {
    settings = { ...settings, ...more };
    servers.push(await startServer(settings));
  };
  try {
    await start();
  } catch (error) {
    await removeFolder();
    throw error;
  }
  return {
    dataDir: folder,
    get server() {
      return last();
    },
    api: new Api(() => last().url),
    start,
    cli: (...args) => runCli(args, settings),
    output: () => servers.map((server) => server.output()).join('\n--- started again ---\n'),
    async dispose() {
      // Only a process that ends by itself writes down what it covered.
      await last().kill(process.env.NODE_V8_COVERAGE ? 'SIGTERM' : 'SIGKILL');
      await removeFolder();
    },
  };
}

/**
 * A stack for all tests of a file or a `describe`, started before the first and ended after the last. When a test
 * fails, what the servers printed meanwhile is printed.
 */
export function useStack(options: StackOptions = {}): Omit<Stack, 'dispose'> {
  let stack: Stack | undefined;
  let shown = 0;
  const present = (): Stack => {
    if (!stack) throw new Error('The stack is there only while tests run.');
    return stack;
  };
  beforeAll(async () => {
    stack = await startStack(options);
  });
  afterEach(({ task }) => {
    const output = present().output();
    if (task.result?.state === 'fail') console.error(`What the server printed:\n${output.slice(shown)}`);
    shown = output.length;
  });
  afterAll(() => stack?.dispose());
  return {
    get dataDir() {
      return present().dataDir;
    },
    get server() {
      return present().server;
    },
    get api() {
      return present().api;
    },
    start: (env) => present().start(env),
    cli: (...args) => present().cli(...args),
    output: () => present().output(),
  };
}
