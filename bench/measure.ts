import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A figure of several rounds. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
};

/** By how much a figure of so many rounds may be off: the standard error of their mean. */
export function errorOf(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

/** Seconds of CPU that a process and its children that have ended have used. */
export function cpuSeconds(pid: number): number {
  if (process.platform === 'linux') {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    // utime, stime, cutime, cstime (proc(5)), in ticks of 1/100 s.
    return [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0) / 100;
  }
  const time = execFileSync('ps', ['-o', 'time=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  return time.split(/[:-]/).reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** The most memory that a process has had resident, in bytes; where the system does not keep it, what it has now. */
export function peakMemory(pid: number): number {
  if (process.platform === 'linux') {
    const match = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(match?.[1] ?? 0) * 1024;
  }
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).trim()) * 1024;
}

/** A round of both, each in turn the first: what one leaves behind in caches must not favour the other. */
export async function inTurn<T>(
  round: number,
  raw: () => Promise<T>,
  ours: () => Promise<T>,
): Promise<{ raw: T; ours: T }> {
  if (round % 2 === 0) return { raw: await raw(), ours: await ours() };
  const first = await ours();
  return { raw: await raw(), ours: first };
}
