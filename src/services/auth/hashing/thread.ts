/** Computes bcrypt, one after the other, when nobody else needs the core. */
import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import bcrypt from 'bcrypt';
import type { Answer, Task } from './protocol.ts';

/**
 * How far this thread stands back (nice(2)): beside another that would take all of a core it gets a quarter of it. So
 * uploads go on, and a log-in under full load takes about a second.
 */
const STANDS_BACK = 5;

/** On Linux, threads have priorities of their own (sched(7)), by an id that only the system's files tell. */
function standBack(): void {
  try {
    const thread = /\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self'))?.[1];
    if (thread !== undefined) setPriority(Number(thread), STANDS_BACK);
  } catch {
    // Then it competes like any other.
  }
}

if (process.platform === 'linux') standBack();

function perform(task: Task): Answer {
  try {
    if (task.task === 'hash') return { result: bcrypt.hashSync(task.password, task.cost) };
    return { result: bcrypt.compareSync(task.password, task.hash) };
  } catch (error) {
    return { error: error as Error };
  }
}

parentPort?.on('message', (task: Task) => parentPort?.postMessage(perform(task)));
