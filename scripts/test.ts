/**
 * `npm test`: runs Vitest with the given arguments and ends with one line that counts. The count comes from here and
 * not from Vitest, so that it is the last line also when Vitest itself breaks, which counts as a failure.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { install, packagesFor, whyNotInstallable } from '../test/harness/engines/install.ts';
import { countLine, retriedText, type Summary, skippedText } from './test/summary.ts';

const root = join(import.meta.dirname, '..');
if (process.env.CI) await installEngines();
const vitest = spawn(
  process.execPath,
  [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  },
);

let summary: Summary | undefined;
vitest.on('message', (message) => {
  summary = message as Summary;
});
// The terminal tells Vitest too; we stay to count.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => vitest.kill('SIGTERM'));
const [code, signal] = (await once(vitest, 'close')) as [number | null, string | null];

const { passed, failed, skipped, retried } = summary ?? { passed: 0, failed: 0, skipped: [], retried: [] };
process.stdout.write(skippedText(skipped) + retriedText(retried));
if (code !== 0 && failed === 0) console.log(`The test run broke off (${signal ?? `exit code ${code}`}).`);
console.log(countLine({ passed, failed: code !== 0 ? Math.max(1, failed) : failed, skipped }));
process.exitCode = code === 0 && failed === 0 ? 0 : 1;

/** With CI=true a test whose engine is missing fails, so we bring what can be brought. */
async function installEngines(): Promise<void> {
  if (whyNotInstallable()) return;
  try {
    await install(packagesFor(), console.log);
  } catch (error) {
    console.error((error as Error).message);
  }
}
