import { resolve } from 'node:path';
import { styleText } from 'node:util';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Kept } from '../app/certs/folder.ts';

const HELP = `
Services that run apart speak gRPC with mutual TLS: each process has a certificate that says which service it is. This
makes a CA and certificates for development and for small installations; larger ones bring their own, with the same
names (spiffe://holdfast/<service> as URI in the subjectAltName). Keys can be read by their owner alone.

Examples:
  holdfast certs init --host files.internal --host 10.0.0.5
  holdfast certs issue client/billing            another back end, which GRPC_CLIENTS lets in
  holdfast certs issue files storage             a process that runs both
  holdfast certs renew                           what expires within 30 days; processes take it up by themselves

A process then has
  TLS_CA=certs/ca.pem TLS_CERT=certs/files.pem TLS_KEY=certs/files.key`;

interface Flags {
  readonly dir: string;
  readonly host: readonly string[];
  readonly days: number;
  readonly within: number;
  readonly force?: boolean;
  readonly json?: boolean;
}

const wholeDays = (text: string): number => {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 0 || days > 3_650) throw new InvalidArgumentError('Give days, from 0 to 3650.');
  return days;
};

const collect = (host: string, hosts: readonly string[]): readonly string[] => [...hosts, host];

const dir = () => new Option('--dir <folder>', 'where they are kept').default('./certs');
const host = () =>
  new Option('--host <host>', 'a name or address under which it is reached; can be given again')
    .argParser(collect)
    .default([], 'localhost');
const days = () => new Option('--days <days>', 'how long they hold').argParser(wholeDays).default(365);

/** Loaded when it is needed: other commands start without it. */
const folder = () => import('../app/certs/folder.ts');

export function certsCommand(): Command {
  const certs = new Command('certs')
    .description('Make, show and renew the certificates of services that run apart.')
    .addHelpText('after', HELP);
  certs
    .command('init')
    .description('Make a CA and a certificate for each service.')
    .addOption(dir())
    .addOption(host())
    .addOption(days())
    .option('--force', 'replace those that are there, the CA too')
    .action(async ({ dir, host, days, force = false }: Flags) => {
      const { initCertificates } = await folder();
      print(await initCertificates(resolve(dir), { hosts: host, days, force }));
    });
  certs
    .command('issue')
    .description('Make one more certificate.')
    .argument('<name...>', 'services, or client/ and the name of another back end')
    .addOption(dir())
    .addOption(host())
    .addOption(days())
    .option('--force', 'replace the one that is there')
    .action(async (names: string[], { dir, host, days, force = false }: Flags) => {
      const { addCertificate } = await folder();
      print([await addCertificate(resolve(dir), { names, hosts: host, days, force })]);
    });
  certs
    .command('renew')
    .description('Make new certificates in place of those that expire soon.')
    .addOption(dir())
    .addOption(days())
    .addOption(new Option('--within <days>', 'what counts as soon').argParser(wholeDays).default(30))
    .action(async ({ dir, days, within }: Flags) => {
      const { renewCertificates } = await folder();
      const renewed = await renewCertificates(resolve(dir), { within, days });
      if (renewed.length === 0) console.log(`None expires within ${within} days.`);
      print(renewed);
    });
  certs
    .command('show')
    .description('Show whom they are for and when they expire.')
    .addOption(dir())
    .option('--json', 'print them as JSON')
    .action(async ({ dir, json = false }: Flags) => {
      const { showCertificates } = await folder();
      const kept = await showCertificates(resolve(dir));
      if (json) console.log(JSON.stringify(kept, undefined, 2));
      else print(kept);
    });
  return certs;
}

function print(certificates: readonly Kept[]): void {
  const width = Math.max(0, ...certificates.map(({ file }) => file.length));
  for (const { file, hosts, validTo } of certificates) {
    const state = validTo < new Date() ? styleText('red', 'expired') : 'until';
    const at = hosts.length > 0 ? `  ${hosts.join(', ')}` : '';
    console.log(`${file.padEnd(width)}  ${state} ${validTo.toISOString().slice(0, 10)}${at}`);
  }
}
