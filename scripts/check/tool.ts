import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Runs a tool of node_modules/.bin; resolves to what it printed where it failed, and to nothing where it did not. */
export const tool = (root: string, name: string, args: readonly string[]): Promise<string> =>
  run(root, join(root, 'node_modules/.bin', name), args);

/** The same for a script of the repository. */
export const script = (root: string, path: string, args: readonly string[]): Promise<string> =>
  run(root, process.execPath, [join(root, path), ...args]);

async function run(root: string, command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return code === 0 ? '' : `${out}${err}` || `${command} ended with exit code ${code}`;
}
