import { workerData } from 'node:worker_threads';
import { MEMORY_SIGNAL } from './protocol.ts';

/** Shared between a child's main thread and its watchdog. */
export interface WatchdogData {
  /** One 32-bit number: `IDLE` or `BUSY`. */
  readonly state: SharedArrayBuffer;
  /** Bytes of resident memory. */
  readonly limit: number;
}

export const IDLE = 0;
export const BUSY = 1;

/** Milliseconds between two looks. */
const INTERVAL = 20;

/**
 * Ends this process when it holds too much memory, or when its parent is gone. It runs in a thread of its own, so
 * that it sees both while the main thread is deep in a decoder, and sleeps while there is no work.
 */
function watch({ state, limit }: WatchdogData): never {
  const flag = new Int32Array(state);
  const parent = process.ppid;
  for (;;) {
    Atomics.wait(flag, 0, IDLE);
    while (Atomics.load(flag, 0) === BUSY) {
      if (process.memoryUsage.rss() > limit) process.kill(process.pid, MEMORY_SIGNAL);
      if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
      Atomics.wait(flag, 0, BUSY, INTERVAL);
    }
  }
}

if (workerData) watch(workerData as WatchdogData);
