import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach } from 'vitest';

const CLI = fileURLToPath(new URL('../../cli.ts', import.meta.url));

/** A line of a stack: nobody who runs a command is to see one. */
export const STACK = /\n\s+at /;

type Settings = Readonly<Record<string, string>>;

/** The program as a person runs it: each test in an empty folder of its own, where nothing runs on after it. */
export function cliOfEachTest() {
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

  const launch = (args: readonly string[], env: Settings = {}) => {
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
  };

  return {
    folder: () => folder,
    dataDir,

    /** Runs a command to its end. */
    run: (args: readonly string[], env?: Settings) => launch(args, env).ended,

    /** Starts a server, which listens then. */
    async serve(env?: Settings) {
      const launched = launch(['serve'], env);
      const { child, printed, ended } = launched;
      const url = await new Promise<string>((resolve, reject) => {
        child.stdout.on('data', () => {
          const whole = printed.stdout.split('\n').slice(0, -1);
          const line = whole.find((text) => text.includes('listening on '));
          if (line) resolve(JSON.parse(line).url);
        });
        ended.then((end) => reject(new Error(`It ended: ${JSON.stringify(end)}`)));
      });
      return { ...launched, url };
    },
  };
}
