import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Entry } from './keeper.ts';

let keeper: ChildProcess | undefined;

/** Tells the keeper of this process, which is started at the first word, what to end or remove should we end. */
export function keep(entry: Entry): void {
  keeper ??= startKeeper();
  keeper.stdin?.write(`${JSON.stringify(entry)}\n`);
}

function startKeeper(): ChildProcess {
  const { NODE_V8_COVERAGE: _, ...env } = process.env;
  const child = spawn(process.execPath, [fileURLToPath(new URL('./keeper.ts', import.meta.url))], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
    env,
  });
  child.unref();
  child.stdin?.on('error', () => {});
  // It must not keep us alive; `unref` is there, though not in the type of a pipe.
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
}
