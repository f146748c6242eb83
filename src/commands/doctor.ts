import { styleText } from 'node:util';
import { Command } from 'commander';
import type { Finding } from '../app/doctor/index.ts';
import type { Served } from '../app/house.ts';
import { createLogger } from '../base/logger.ts';
import type { CommandContext } from './context.ts';
import { servicesArgument } from './services-argument.ts';

const HELP = `
Examines the settings, the data directory, every dependency, the processors and the port, and says how to mend what is
wrong. It changes nothing, and works beside a running server too. Exits with 1 when something is wrong. Where services
run apart, name those of the process that is examined.

Examples:
  holdfast doctor
  DATA_DIR=/srv/files holdfast doctor --json
  holdfast doctor gateway`;

const SIGNS: Readonly<Record<Finding['state'], string>> = {
  ok: styleText('green', '✓'),
  warning: styleText('yellow', '!'),
  failed: styleText('red', '✗'),
};

export const doctorCommand = (context: CommandContext): Command =>
  new Command('doctor')
    .description('Check that everything works, and say how to mend what does not.')
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', HELP)
    .addArgument(servicesArgument('those that run in the process to examine (default: all)'))
    .action(async (services: Served[], { json = false }: { readonly json?: boolean }) => {
      const { examine } = await import('../app/doctor/index.ts');
      const log = await createLogger({ level: 'silent', pretty: false, to: 'stderr' });
      const interrupted = new AbortController();
      process.once('SIGINT', () => interrupted.abort());
      const findings: Finding[] = [];
      const options = { config: context.config, log, signal: interrupted.signal };
      for await (const finding of examine({ ...options, ...(services.length > 0 && { services }) })) {
        findings.push(finding);
        if (!json) print(finding);
      }
      if (json) console.log(JSON.stringify(findings, undefined, 2));
      if (findings.some(({ state }) => state === 'failed')) process.exitCode = 1;
    });

function print({ state, name, detail, remedy }: Finding): void {
  console.log(`${SIGNS[state]} ${name.padEnd(14)} ${detail}`);
  if (remedy !== undefined) console.log(`  ${' '.repeat(14)} → ${remedy}`);
}
