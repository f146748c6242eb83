import { readFileSync } from 'node:fs';
import type { Account } from './engine.ts';

/** An account for a server that refuses to run as root: the first of these that there is. Undefined where we are not. */
export function accountForRoot(...names: string[]): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of names) {
    const found = accounts.find(([account]) => account === name);
    if (found) return { uid: Number(found[2]), gid: Number(found[3]) };
  }
  throw new Error(`None of the accounts ${names.join(', ')} is there, and as root it does not run.`);
}
