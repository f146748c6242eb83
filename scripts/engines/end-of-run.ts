import { readFileSync } from 'node:fs';
import { isAlive } from '../../test/harness/process.ts';

/** Resolves at a signal, and when the npm that started us is gone: it may end without a word. */
export function endOfRun(): Promise<void> {
  const above = process.env.npm_lifecycle_event ? [process.ppid, parentOf(process.ppid)] : [];
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
    setInterval(() => above.every((pid) => pid === undefined || isAlive(pid)) || resolve(), 500);
    // Nobody reads what we print.
    process.stdout.on('error', () => resolve());
  });
}

/** Between npm and us stands the launcher. Linux only, elsewhere undefined. */
function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}
