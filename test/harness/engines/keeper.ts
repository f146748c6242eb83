/**
 * Outlives the process that started engines by the moment that it takes to end them. That process tells us, line by
 * line, what it has started and made, and what of it is gone; when it ends, however it ends, our input ends, and we end
 * and remove what is left.
 */

import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { isAlive } from '../process.ts';
import { signalTree } from './tree.ts';

export type Entry =
  | { readonly pid: number; readonly stop: NodeJS.Signals }
  | { readonly folder: string }
  | { readonly gone: number | string };

const processes = new Map<number, NodeJS.Signals>();
const folders = new Set<string>();
// What ends the other process may be meant for all of its group.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  const entry = JSON.parse(line) as Entry;
  if ('pid' in entry) processes.set(entry.pid, entry.stop);
  else if ('folder' in entry) folders.add(entry.folder);
  else if (typeof entry.gone === 'number') processes.delete(entry.gone);
  else folders.delete(entry.gone);
}

for (const [pid, stop] of processes) signalTree(pid, stop);
for (let waited = 0; waited < 2_000 && [...processes.keys()].some(isAlive); waited += 50) await pause(50);
for (const pid of processes.keys()) signalTree(pid, 'SIGKILL');
for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
