/** `npm run generate`: src/contract from proto/, unless that would break whoever was built against the contracts. */

import { join } from 'node:path';
import { breaksOf, keepAsBaseline } from './check/contracts.ts';
import { tool } from './check/tool.ts';

const root = join(import.meta.dirname, '..');

const problems = (await breaksOf(root)) || (await tool(root, 'buf', ['generate'])) || (await keepAsBaseline(root));
if (problems) {
  console.error(problems.trimEnd());
  process.exitCode = 1;
}
