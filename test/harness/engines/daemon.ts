import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { isAlive } from '../process.ts';
import { until } from '../until.ts';
import type { DaemonRecipe, RunToEnd } from './engine.ts';
import { keep } from './keeping.ts';
import { signalTree, treeOf } from './tree.ts';

/** What was printed last is what says why something failed. */
const KEPT_OUTPUT = 64 * 1024;

/** A tester's own settings must not change an engine. */
const environment = (folder: string, env: Readonly<Record<string, string>> = {}) => ({
  PATH: `${process.env.PATH}:/usr/sbin:/sbin`,
  HOME: folder,
  TMPDIR: folder,
  LANG: 'C.UTF-8',
  ...env,
});

export const runToEnd =
  (folder: string): RunToEnd =>
  (command, args, { as } = {}) =>
    new Promise((resolve, reject) => {
      const options = {
        env: environment(folder),
        cwd: folder,
        timeout: 180_000,
        killSignal: 'SIGKILL' as const,
        ...as,
      };
      execFile(command, args, options, (error, stdout, stderr) =>
        error ? reject(new Error(`${command} failed: ${error.message}\n${stdout}\n${stderr}`)) : resolve(),
      );
    });

/** One process of an engine, started and ended any number of times. */
export class Daemon {
  readonly recipe: DaemonRecipe;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(recipe: DaemonRecipe, folder: string) {
    this.recipe = recipe;
    this.#folder = folder;
  }

  start(): void {
    const { command, args, env, as, stop = 'SIGKILL' } = this.recipe;
    const child = spawn(command, args, {
      cwd: this.#folder,
      env: environment(this.#folder, env),
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C in a terminal is for us, and we end it in our way.
      detached: true,
      ...as,
    });
    this.#child = child;
    const add = (text: string) => {
      this.#output = `${this.#output}${text}`.slice(-KEPT_OUTPUT);
    };
    child.stdout?.setEncoding('utf8').on('data', add);
    child.stderr?.setEncoding('utf8').on('data', add);
    child.on('error', (error) => add(String(error)));
    const { pid } = child;
    if (pid === undefined) return;
    keep({ pid, stop });
    child.once('exit', () => keep({ gone: pid }));
    child.unref();
    for (const stream of [child.stdout, child.stderr]) (stream as { unref?(): void } | null)?.unref?.();
  }

  get running(): boolean {
    return this.#child?.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  output(): string {
    return this.#output;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) signalTree(this.#child?.pid as number, signal);
  }

  /** Ends it, and all that it started. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child?.pid || !this.running) return;
    const tree = treeOf(child.pid);
    const exited = once(child, 'exit');
    signalTree(child.pid, signal);
    const hurry = setTimeout(() => signalTree(child.pid as number, 'SIGKILL'), 5_000);
    await exited;
    clearTimeout(hurry);
    await until(`all of ${this.recipe.command} to end`, () => !tree.some(isAlive), { every: 5 });
    if (child.signalCode === 'SIGKILL') await this.recipe.clean?.(runToEnd(this.#folder));
  }
}
