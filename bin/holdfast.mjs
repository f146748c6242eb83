#!/usr/bin/env node
/** The `holdfast` command of the published package. In a checkout, `npm start` and bin/launch.mjs do more. */

const NEEDED = 24;

if (Number.parseInt(process.versions.node, 10) < NEEDED) {
  console.error(
    `holdfast: Node.js ${NEEDED} or later is needed; this is ${process.versions.node} (https://nodejs.org).`,
  );
  process.exitCode = 1;
} else {
  await import('../dist/cli.js');
}
