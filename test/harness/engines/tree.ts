import { childrenOf } from '../process.ts';

/** A process with all that it started, itself first; where the system does not tell, itself alone. */
export const treeOf = (pid: number): number[] => [pid, ...childrenOf(pid).flatMap(treeOf)];

/** Signals a process and, where it would otherwise not reach them, all that it started. */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  const reached = ['SIGKILL', 'SIGSTOP', 'SIGCONT'].includes(signal) ? treeOf(pid) : [pid];
  for (const each of reached) {
    try {
      process.kill(each, signal);
    } catch {
      // It has ended.
    }
  }
}
