import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Runs a tool of node_modules/.bin; resolves to what it printed where it failed, and to nothing where it did not. */
export async function tool(root: string, name: string, args: readonly string[]): Promise<string> {
  const child = spawn(join(root, 'node_modules/.bin', name), args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return code === 0 ? '' : `${out}${err}` || `${name} ended with exit code ${code}`;
}
