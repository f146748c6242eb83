/**
 * npm run bench [-- scenario …] [-- --rounds N]
 *
 * Measures Holdfast beside a limit or a peer in the same run: rounds in turn, medians, CPU per operation and peak
 * memory next to throughput. It judges nothing else: the tests never depend on speed.
 */
import { parseArgs } from 'node:util';
import type { Scenario } from './scenario.ts';
import { servicesApart } from './scenarios/apart.ts';
import { auth } from './scenarios/auth.ts';
import { brokers } from './scenarios/brokers.ts';
import { calls } from './scenarios/calls.ts';
import { databases } from './scenarios/databases.ts';
import { dispatch } from './scenarios/dispatch.ts';
import { largeCatalogue } from './scenarios/large-catalogue.ts';
import { largeTransfers } from './scenarios/large-transfers.ts';
import { listing } from './scenarios/listing.ts';
import { smallTransfers } from './scenarios/small-transfers.ts';
import { thumbnail } from './scenarios/thumbnail.ts';

const SCENARIOS: readonly Scenario[] = [
  smallTransfers,
  largeTransfers,
  listing,
  thumbnail,
  databases,
  brokers,
  dispatch,
  largeCatalogue,
  calls,
  auth,
  servicesApart,
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '3' } },
});
const rounds = Number(values.rounds);
const chosen = positionals.length === 0 ? SCENARIOS : SCENARIOS.filter(({ name }) => positionals.includes(name));
if (chosen.length === 0 || !(rounds >= 1)) {
  console.error(`Usage: npm run bench [-- ${SCENARIOS.map(({ name }) => name).join(' | ')}] [-- --rounds N]`);
  process.exit(2);
}

console.log(`Node ${process.version}, ${rounds} rounds a figure, medians\n`);
let missed = 0;
for (const scenario of chosen) {
  console.log(`${scenario.name}: ${scenario.about}`);
  for (const finding of await scenario.run(rounds)) {
    if (!finding.met) missed += 1;
    const beside = finding.limit === '' ? '' : ` beside ${finding.limit}`;
    const ratio = finding.ratio === '' ? '' : `, ratio ${finding.ratio}`;
    console.log(
      `  ${finding.met ? 'ok    ' : 'MISSED'} ${finding.what}: ${finding.ours}${beside}${ratio} (target ${finding.target})`,
    );
    if (finding.cost !== '') console.log(`         ${finding.cost}`);
  }
}
process.exitCode = missed > 0 ? 1 : 0;
