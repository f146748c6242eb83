import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../until.ts';
import { Daemon, runToEnd } from './daemon.ts';
import type { Engine, EngineKind, Ground, Recipe, StartOptions } from './engine.ts';
import { keep } from './keeping.ts';
import { freePort } from './ports.ts';

/** Ports that a server may ask for. */
const PORTS = 4;
const ATTEMPTS = 4;
const TAKEN = /in use|EADDRINUSE|could not bind|Cannot assign|eaddrinuse/i;

/** Starts a server of our own; once more, on other ports, where somebody else took one of them meanwhile. */
export async function startKind(kind: EngineKind, { args = [] }: StartOptions = {}): Promise<Engine> {
  const missing = kind.missing();
  if (missing) throw new Error(`${kind.name} cannot be started: ${missing}.`);
  for (let attempt = 1; ; attempt++) {
    const engine = await layOut(kind, args);
    try {
      return await engine.start();
    } catch (error) {
      const output = engine.output();
      await engine.stop();
      if (attempt < ATTEMPTS && TAKEN.test(output)) continue;
      throw new Error(`${kind.name} did not start. It printed:\n${output.slice(-4_000)}`, { cause: error });
    }
  }
}

async function layOut(kind: EngineKind, args: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), `holdfast-${kind.name}-`));
  keep({ folder });
  // A server may run under another account.
  await chmod(folder, 0o755);
  const ground = await groundIn(folder, args);
  return new OwnEngine(kind, kind.recipe(ground), folder);
}

async function groundIn(folder: string, args: readonly string[]): Promise<Ground> {
  const free = new Set<number>();
  while (free.size < PORTS) free.add(await freePort());
  const left = [...free];
  const given = new Map<string, number>();
  return {
    folder,
    host: '127.0.0.1',
    args,
    port(name) {
      const port = given.get(name) ?? left.pop();
      if (port === undefined) throw new Error(`A server may ask for ${PORTS} ports.`);
      given.set(name, port);
      return port;
    },
  };
}

class OwnEngine implements Engine {
  readonly name;
  readonly url;
  startedIn = 0;
  readonly #kind: EngineKind;
  readonly #recipe: Recipe;
  readonly #folder: string;
  readonly #daemons: readonly Daemon[];

  constructor(kind: EngineKind, recipe: Recipe, folder: string) {
    this.name = kind.name;
    this.url = recipe.url;
    this.#kind = kind;
    this.#recipe = recipe;
    this.#folder = folder;
    this.#daemons = recipe.daemons.map((daemon) => new Daemon(daemon, folder));
  }

  async start(): Promise<Engine> {
    const begun = performance.now();
    await this.#startEmpty();
    this.startedIn = Math.round(performance.now() - begun);
    return this;
  }

  async #startEmpty(): Promise<void> {
    const run = runToEnd(this.#folder);
    await this.#recipe.prepare(run);
    for (const daemon of this.#daemons) {
      await daemon.recipe.before?.(run);
      daemon.start();
    }
    await this.#answers();
  }

  #answers = () =>
    until(
      `${this.name} to answer`,
      async () => {
        if (this.#daemons.some(({ running }) => !running)) throw new Ended();
        try {
          await this.#recipe.answers();
          return true;
        } catch {
          return false;
        }
      },
      { within: 180_000, every: 20, stopOnError: true },
    );

  place = () => this.#recipe.place?.() ?? this.#kind.place(this.url);

  async kill(): Promise<void> {
    const mortal = this.#daemons.filter(({ recipe }) => !recipe.survives);
    await Promise.all(mortal.map((daemon) => daemon.end('SIGKILL')));
  }

  async restart({ wipe = false } = {}): Promise<void> {
    if (wipe) {
      await this.#endAll();
      for (const name of await readdir(this.#folder)) await rm(join(this.#folder, name), { recursive: true });
      return this.#startEmpty();
    }
    for (const daemon of this.#daemons.filter(({ running }) => !running)) daemon.start();
    await this.#answers();
  }

  freeze = () =>
    this.#daemons.forEach((daemon) => {
      daemon.signal('SIGSTOP');
    });
  thaw = () =>
    this.#daemons.forEach((daemon) => {
      daemon.signal('SIGCONT');
    });
  output = () => this.#daemons.map((daemon) => daemon.output()).join('\n');

  async stop(): Promise<void> {
    await this.#endAll();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    keep({ gone: this.#folder });
  }

  async #endAll(): Promise<void> {
    // A process that was stopped takes no other signal than the last.
    this.thaw();
    await Promise.all(this.#daemons.map((daemon) => daemon.end(daemon.recipe.stop ?? 'SIGKILL')));
  }
}

class Ended extends Error {
  override message = 'A process of it ended.';
}
