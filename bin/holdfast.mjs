#!/usr/bin/env node
/** The `holdfast` command: of the published package, and in a checkout (`npx holdfast`) what bin/launch.mjs runs. */

import { existsSync } from 'node:fs';

const NEEDED = 24;
/** Not in the package. */
const launcher = new URL('./launch.mjs', import.meta.url);

if (existsSync(launcher)) {
  await import(launcher.href);
} else if (Number.parseInt(process.versions.node, 10) < NEEDED) {
  console.error(
    `holdfast: Node.js ${NEEDED} or later is needed; this is ${process.versions.node} (https://nodejs.org).`,
  );
  process.exitCode = 1;
} else {
  await import('../dist/cli.js');
}
