import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchError } from './error.mjs';
import { npm } from './npm.mjs';

const FORGOTTEN = 60 * 60_000;

export const CONNECTION = 'Check the connection to the npm registry and start again.';

/**
 * Puts what a folder's package-lock.json pins into its node_modules. It is installed beside and moved into place when
 * it is whole: an install that is cut off leaves things as they were, and two at a time do not meet.
 *
 * @param {object} options
 * @param {string} options.root the checkout
 * @param {string} options.folder has package.json and package-lock.json
 * @param {string} options.node runs npm
 * @param {(modules: string) => boolean} options.isComplete whether this node_modules is what is wanted
 * @param {(modules: string) => void} options.finish makes it so, in a new one where npm is done
 */
export async function install({ root, folder, node, args, advice, isComplete, finish }) {
  const cache = join(root, '.cache');
  const place = join(folder, 'node_modules');
  let work;
  try {
    mkdirSync(cache, { recursive: true });
    removeForgotten(cache);
    work = mkdtempSync(join(cache, 'install-'));
    for (const name of ['package.json', 'package-lock.json', '.npmrc'])
      copyFileSync(join(folder, name), join(work, name));
    await npm(node, ['ci', ...args], { cwd: work, advice });
    const made = join(work, 'node_modules');
    finish(made);
    if (!isComplete(place)) replace(made, place, join(work, 'old'), isComplete);
  } catch (error) {
    if (error.syscall) throw new LaunchError(`${place} could not be made (${error.message}). ${advice}`);
    throw error;
  } finally {
    if (work) rmSync(work, { recursive: true, force: true });
  }
}

/** Moves `made` to `place`. Whoever did so before us with the same contents has won, also in the midst of it. */
function replace(made, place, old, isComplete) {
  if (existsSync(place)) renameSync(place, old);
  const ready = existsSync(old) && isComplete(old) ? old : made;
  try {
    renameSync(ready, place);
  } catch (error) {
    if (!isComplete(place)) throw error;
  }
}

/** What an install left that was killed. */
function removeForgotten(cache) {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    if (name.startsWith('install-') && Date.now() - statSync(path).mtimeMs > FORGOTTEN) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}
