/** `npm run check`: all that can be said about the code without running it. One line for each check, then what is wrong. */

import { join } from 'node:path';
import { checkContracts } from './check/contracts.ts';
import { checkGenerated } from './check/generated.ts';
import { checkLicences } from './check/licences.ts';
import { checkLinks } from './check/links.ts';
import { checkLocks } from './check/lock.ts';
import { script, tool } from './check/tool.ts';
import { checkImports } from './import-rule.ts';

const root = join(import.meta.dirname, '..');
const color = process.stdout.isTTY;

/** Each resolves to what is wrong, in words for people; empty where all is well. */
const CHECKS: Readonly<Record<string, () => Promise<string> | string>> = {
  types: () => tool(root, 'tsc', ['--project', root, '--pretty', String(Boolean(color))]),
  lint: () => tool(root, 'biome', ['ci', '--error-on-warnings', `--colors=${color ? 'force' : 'off'}`, root]),
  imports: () =>
    checkImports(join(root, 'src'))
      .map(({ where, what }) => `src/${where} ${what}`)
      .join('\n'),
  contracts: async () => (await tool(root, 'buf', ['lint', root])) || checkContracts(root),
  generated: () => checkGenerated(root),
  documents: async () => (await script(root, 'scripts/config-docs.ts', ['--check'])) || checkLinks(root),
  lock: () => checkLocks(root),
  licences: () => checkLicences(root),
};

const results = await Promise.all(
  Object.entries(CHECKS).map(async ([name, check]) => {
    const started = performance.now();
    const problems = await check();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${problems ? '✗' : '✓'} ${name} (${seconds} s)`);
    return { name, problems };
  }),
);

const failed = results.filter(({ problems }) => problems);
for (const { name, problems } of failed) console.log(`\n${name}\n${problems.trimEnd()}`);
process.exitCode = failed.length > 0 ? 1 : 0;
