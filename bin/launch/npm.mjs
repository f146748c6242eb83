import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { Interrupted, LaunchError } from './error.mjs';
import { passSignals } from './signals.mjs';

/** The npm that started us, or else the one on PATH. */
function command(node) {
  const started = process.env.npm_execpath;
  return started && basename(started) === 'npm-cli.js' ? [node, started] : ['npm'];
}

/**
 * Runs npm quietly; what it said is shown only when it fails, with `advice` under it.
 *
 * @param {string} node runs npm, so that npm judges by the Node.js that will run the product
 */
export async function npm(node, args, { cwd, advice }) {
  const [file, ...before] = command(node);
  const child = spawn(file, [...before, ...args, '--loglevel=error', '--no-progress'], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const hear = (chunk) => {
    said = (said + chunk).slice(-8000);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);

  const signals = passSignals(child);
  const { code, error } = await new Promise((end) => {
    child.on('error', (error) => end({ error }));
    child.on('close', (code) => end({ code }));
  });
  signals.stop();

  if (signals.got) throw new Interrupted(signals.got);
  if (error?.code === 'ENOENT') throw new LaunchError(`npm is not on PATH. ${advice}`);
  if (error) throw new LaunchError(`npm could not be started (${error.message}). ${advice}`);
  if (code !== 0) {
    console.error(said.trim());
    throw new LaunchError(`npm could not install what is needed; what it says is above. ${advice}`);
  }
}
