import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Served } from '../../src/app/house.ts';
import { Api } from './client.ts';
import type { EngineName, Place } from './engines/index.ts';
import { keep } from './engines/keeping.ts';
import { place } from './engines/use.ts';
import type { Installation } from './inspect.ts';
import { type Member, type MeshOptions, meshOf, wholeServers } from './members.ts';
import { type Environment, type Finished, runCli, type ServerProcess, startServer } from './process.ts';
import { type StackKind, stackKind } from './stack-kind.ts';

/** By default what the test's project stands on: see vitest.config.ts. */
export interface StackOptions extends Partial<StackKind> {
  /** Settings beside those that say where everything is. */
  readonly env?: Environment;
  /** A folder that is there already and stays; by default a temporary one that goes with the stack. */
  readonly dataDir?: string;
  /** Whole servers that share the work; by default two, wherever the stack allows it. */
  readonly instances?: 1 | 2;
  /** URLs of servers that this stack has for itself, in place of places on those that the run shares. */
  readonly own?: Readonly<Partial<Record<EngineName, string>>>;
  /** Where services run apart; by default there is one process of each, so that a stack starts soon. */
  readonly mesh?: Pick<MeshOptions, 'between' | 'processes'>;
}

/** Holdfast as it was asked for, running on data of its own. */
export interface Stack extends Installation {
  /** Holds all that it has on this disk. */
  readonly folder: string;
  /** Of the first process. */
  readonly dataDir: string;
  /** The first of the servers. */
  readonly server: ServerProcess;
  /** Those that answer the API: of each process the one that was started last. */
  readonly servers: readonly ServerProcess[];
  /** What runs in each process. */
  readonly members: readonly Member[];
  /** One of each process: the one that was started last. Whole servers are all that there is, where they are not apart. */
  readonly processes: readonly ServerProcess[];
  /** A client that is signed in as nobody. Its requests go to one server after the other. */
  readonly api: Api;
  /** Starts all processes again on the same data; those that run must have ended. */
  start(env?: Environment): Promise<void>;
  /** Starts one of the processes again, by its number from 0; it must have ended. */
  startInstance(instance: number): Promise<void>;
  /** What a process is started with. */
  settings(instance: number): Environment;
  /** Runs a command of the program with the settings of the first process that can carry it out: `admin` of auth, others of the janitor. */
  cli(...args: string[]): Promise<Finished>;
  /** What all servers of this stack have printed. */
  output(): string;
  /** Ends it and removes its data. */
  dispose(): Promise<void>;
}

const ENGINES: Readonly<Record<string, EngineName | undefined>> = {
  postgres: 'postgres',
  mysql: 'mysql',
  s3: 's3',
  redis: 'redis',
  nats: 'nats',
  rabbitmq: 'rabbitmq',
};

const CHEAP_PASSWORDS = { NODE_OPTIONS: `--import=${new URL('./cheap-passwords.ts', import.meta.url).href}` };

const REAL_PASSWORDS = { NODE_OPTIONS: '' };

/** All instances must have the same. */
const SECRET = 'the secret of a stack that is there for a test only';

export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const ground = await layOut(options);
  const { folder, installation, members, remove } = ground;
  const all: ServerProcess[] = [];
  const current: ServerProcess[] = [];
  let more: Environment = {};
  let turn = 0;
  const settingsOf = (instance: number): Environment => ({ ...members[instance]?.env, ...more });

  const startInstance = async (instance: number) => {
    const server = await startServer(settingsOf(instance), members[instance]?.services);
    all.push(server);
    current[instance] = server;
  };
  const start = async (env: Environment = {}) => {
    more = { ...more, ...env };
    const begun = all.length;
    const results = await Promise.allSettled(members.map((_, instance) => startInstance(instance)));
    const failure = results.find((result) => result.status === 'rejected');
    if (!failure) return;
    await Promise.all(all.slice(begun).map((server) => server.kill('SIGKILL')));
    throw failure.reason;
  };
  try {
    await start();
  } catch (error) {
    await remove();
    throw error;
  }
  const has = (service: Served) => (_: unknown, instance: number) => {
    const services = members[instance]?.services ?? [];
    return services.length === 0 || services.includes(service);
  };
  const servers = () => current.filter(has('gateway'));
  return {
    ...installation,
    folder,
    dataDir: installation.dataDirs[0] as string,
    get servers() {
      return servers();
    },
    get server() {
      return servers()[0] as ServerProcess;
    },
    members,
    processes: current,
    api: new Api(() => (servers()[turn++ % servers().length] as ServerProcess).url),
    start,
    startInstance,
    settings: settingsOf,
    cli: (...args) => runCli(args, settingsOf(members.findIndex(has(args[0] === 'admin' ? 'auth' : 'janitor')))),
    output: () => all.map((server) => server.output()).join('\n--- another server ---\n'),
    async dispose() {
      // Only a process that ends by itself writes down what it covered.
      const signal = process.env.NODE_V8_COVERAGE ? 'SIGTERM' : 'SIGKILL';
      await Promise.all(current.map((server) => server.kill(signal)));
      await remove();
    },
  };
}

/** Makes the places that a stack stands on, and says with which settings its instances start. */
async function layOut(options: StackOptions) {
  const { database, objects, broker, apart } = { ...stackKind(), ...options };
  const embedded = database === 'sqlite' || broker === 'local';
  const instances = options.instances ?? (embedded ? 1 : 2);
  if (embedded && instances > 1) throw new Error('Of the embedded default there is one instance.');
  const places: Place[] = [];
  const urlOn = async (name: string): Promise<string | undefined> => {
    const engine = ENGINES[name];
    if (!engine) return undefined;
    const own = options.own?.[engine];
    if (own) return own;
    const made = await place(engine);
    places.push(made);
    return made.url;
  };
  const folder = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'holdfast-')));
  const remove = async () => {
    if (!options.dataDir) await rm(folder, { recursive: true, force: true });
    await Promise.all(places.map((each) => each.stop()));
  };
  try {
    const databaseUrl = (await urlOn(database)) ?? 'sqlite:';
    const brokerUrl = (await urlOn(broker)) ?? 'local:';
    const shared = instances > 1 ? pathToFileURL(join(folder, 'shared-objects')).href : 'file:';
    const storageUrl = (await urlOn(objects)) ?? shared;
    const dataDirs = instances > 1 ? [join(folder, 'one'), join(folder, 'two')] : [folder];
    const common: Environment = {
      LOG_LEVEL: 'info',
      // All tests come from one address.
      RATE_LIMIT_SIGN_IN: 'off',
      ...(database === 'sqlite' ? {} : { JWT_SECRET: SECRET }),
      ...CHEAP_PASSWORDS,
      ...options.env,
      ...(databaseUrl === 'sqlite:' ? {} : { DATABASE_URL: databaseUrl }),
      ...(storageUrl === 'file:' ? {} : { STORAGE_URL: storageUrl }),
      ...(brokerUrl === 'local:' ? {} : { BROKER_URL: brokerUrl }),
    };
    const members = apart
      ? await meshOf({ folder, common, processes: 1, ...options.mesh })
      : wholeServers(dataDirs, common);
    const installation = { databaseUrl, storageUrl, dataDirs: members.map(({ env }) => env.DATA_DIR as string) };
    return { folder, installation, members, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * A stack for all tests of a file or a `describe`, started before the first and ended after the last. When a test
 * fails, what the servers printed meanwhile is printed.
 */
export const useStack = (options: StackOptions = {}): Omit<Stack, 'dispose'> =>
  use(
    () => startStack(options),
    (stack) => stack.dispose(),
  );

/** Of this process, by what they stand on. The keeper ends them with it. */
const shared = new Map<string, Promise<Stack>>();

/**
 * The same for tests that neither mind what others left there, and be it work that is not done yet, nor stop a server:
 * the files that one process runs, one after another, have it together.
 */
export const useSharedStack = (): Omit<Stack, 'dispose' | 'start' | 'startInstance'> =>
  use(
    () => {
      const kind = JSON.stringify(stackKind());
      const stack = shared.get(kind) ?? startKept();
      shared.set(kind, stack);
      // The next file tries again.
      stack.catch(() => shared.delete(kind));
      return stack;
    },
    // What servers cover they write down when they end by themselves.
    async (stack) => {
      if (!process.env.NODE_V8_COVERAGE) return;
      shared.clear();
      await stack.dispose();
    },
  );

async function startKept(): Promise<Stack> {
  const stack = await startStack({ env: stackKind().database === 'sqlite' ? REAL_PASSWORDS : {} });
  keep({ folder: stack.folder });
  for (const { pid } of stack.processes) keep({ pid, stop: 'SIGKILL' });
  return stack;
}

function use(start: () => Promise<Stack>, end: (stack: Stack) => Promise<void>): Omit<Stack, 'dispose'> {
  let stack: Stack | undefined;
  const shown = new Map<number, number>();
  const present = (): Stack => {
    if (!stack) throw new Error('The stack is there only while tests run.');
    return stack;
  };
  beforeAll(async () => {
    stack = await start();
    for (const { pid, output } of stack.processes) shown.set(pid, output().length);
  });
  afterEach(({ task }) => {
    for (const { pid, output } of present().processes) {
      if (task.result?.state === 'fail') console.error(`What a server printed:\n${output().slice(shown.get(pid))}`);
      shown.set(pid, output().length);
    }
  });
  afterAll(() => (stack ? end(stack) : undefined));
  return new Proxy({} as Stack, { get: (_, name) => Reflect.get(present(), name) });
}
