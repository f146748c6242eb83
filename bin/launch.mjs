/**
 * What every npm script goes through: makes sure that a new enough Node.js and the locked dependencies are there, then
 * runs with them
 *
 *   node bin/launch.mjs serve --help          the product: src/cli.ts
 *   node bin/launch.mjs --watch serve         the same, restarted when a source file changes
 *   node bin/launch.mjs --run scripts/x.ts    a script of the repository
 *   node bin/launch.mjs --tool vitest list    a development tool from node_modules/.bin
 *
 * Plain JavaScript without dependencies, because it runs before there are any and on Node.js 20. When all is in place
 * it costs the reading of two small files and one process.
 */

import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './launch/child.mjs';
import { ensureDependencies } from './launch/dependencies.mjs';
import { Interrupted, LaunchError } from './launch/error.mjs';
import { ensureNode } from './launch/node.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Megabytes of new objects that gather before V8 looks for garbage: a quarter of what is usual, at the same speed. */
const YOUNG = '--max-semi-space-size=4';

/** What to run, as arguments of Node.js, and whether development dependencies are needed for it. */
function target([first, second, ...rest]) {
  if (first === '--tool') return { file: () => tool(second), before: [], after: rest, development: true };
  if (first === '--run') return { file: () => resolve(root, second), before: [], after: rest, development: true };
  const watch = first === '--watch';
  const after = watch ? [second, ...rest] : [first, second, ...rest];
  return {
    file: () => join(root, 'src/cli.ts'),
    before: [...(watch ? ['--watch', '--watch-preserve-output'] : []), YOUNG],
    after: after.filter((argument) => argument !== undefined),
    development: false,
  };
}

/** The script behind node_modules/.bin/<name>: all of the tools that we use are JavaScript there. */
function tool(name) {
  const link = join(root, 'node_modules/.bin', String(name));
  if (!name || !existsSync(link)) throw new LaunchError(`There is no tool "${name}" in node_modules/.bin.`);
  return realpathSync(link);
}

/**
 * The environment of what runs: our Node.js is the first on PATH, also for the tools that it starts. The threads wait for
 * the disk; glibc would give each a heap of its own.
 */
const environment = (node) => ({
  MALLOC_ARENA_MAX: '2',
  UV_THREADPOOL_SIZE: '8',
  NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/holdfast'),
  ...process.env,
  PATH: [dirname(node), join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
});

try {
  const { file, before, after, development } = target(process.argv.slice(2));
  const node = await ensureNode(root);
  await ensureDependencies(root, node, { development });
  await run(node, [...before, file(), ...after], environment(node));
} catch (error) {
  if (error instanceof Interrupted) {
    process.kill(process.pid, error.signal);
  } else if (error instanceof LaunchError) {
    console.error(`holdfast: ${error.message}`);
    process.exitCode = 1;
  } else {
    throw error;
  }
}
