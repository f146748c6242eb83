import { Command, Option } from 'commander';
import type { AdminRequest } from '../app/admin.ts';
import { StartError } from '../app/start-error.ts';
import { createLogger } from '../base/logger.ts';
import { parseSize } from '../base/units.ts';
import type { CommandContext } from './context.ts';

const HELP = `
Where a server runs, it does what is asked; otherwise the command does it itself. What is done stands in the audit
trail.

Examples:
  holdfast admin create ada@example.com --admin     prints a password to begin with
  holdfast admin promote grace@example.com          an id does as well, for an account without an e-mail
  holdfast admin token ada@example.com --name shop --scope files:read files:write act-as
  holdfast admin quota customer-7 --bytes 10GB --files 10000
  holdfast admin jobs --code out_of_memory --retry`;

/** A password piped in is short; what is longer is none. */
const LONGEST_INPUT = 1_024;

interface CreateFlags {
  readonly admin?: boolean;
  readonly passwordStdin?: boolean;
}

interface TokenFlags {
  readonly name: string;
  readonly scope: string[];
  readonly expires?: string;
}

interface QuotaFlags {
  readonly bytes?: number | 'default';
  readonly files?: number | 'default';
}

interface JobFlags {
  readonly owner?: string;
  readonly type?: string;
  readonly code?: string;
  readonly retry?: boolean;
}

const BY_EMAIL = [
  ['promote', 'Make an account an admin.'],
  ['demote', 'Make an admin a user.'],
  ['disable', 'End all sessions of an account, and let it sign in no more.'],
  ['enable', 'Let a disabled account sign in again.'],
  ['delete', 'Delete an account with its files. It cannot be brought back.'],
] as const;

/** What `ListUsage` sorts by: those who have most are looked for, and ids are read from A to Z. */
const USAGE_ORDERS = { bytes: '-bytes', files: '-files', owner: 'owner_id' } as const;

export function adminCommand(context: CommandContext): Command {
  const admin = new Command('admin')
    .description('Accounts, roles and tokens; usage, quotas and dead jobs.')
    .addHelpText('after', HELP);
  const run = async (request: AdminRequest) => {
    const { administerDataDir } = await import('../app/admin.ts');
    const interrupted = new AbortController();
    process.once('SIGINT', () => interrupted.abort());
    process.once('SIGTERM', () => interrupted.abort());
    const log = await createLogger({ level: 'warn', pretty: process.stderr.isTTY === true, to: 'stderr' });
    const {
      done,
      secret,
      lines = [],
    } = await administerDataDir(context.config(), request, { signal: interrupted.signal, log });
    // The secret alone on stdout, so that a script can take it; the sentence about it is for people.
    console.error(done);
    if (secret !== undefined) console.log(secret);
    for (const line of lines) console.log(line);
  };

  admin
    .command('create <email>')
    .description('Make an account. Prints a password, unless one is given.')
    .option('--admin', 'make it an admin')
    .option('--password-stdin', 'read the password from standard input')
    .action(async (email: string, { admin = false, passwordStdin = false }: CreateFlags) => {
      await run({ verb: 'create', email, admin, password: passwordStdin ? await readPassword() : undefined });
    });
  for (const [verb, description] of BY_EMAIL) {
    admin
      .command(`${verb} <email>`)
      .description(description)
      .action((email: string) => run({ verb, email }));
  }
  admin
    .command('invite [email]')
    .description('Make an invitation to sign up, for SIGNUP=invite. Prints it.')
    .action((email?: string) => run({ verb: 'invite', email }));
  admin
    .command('token <email>')
    .description('Make an API token of an account. Prints it, this once.')
    .requiredOption('--name <name>', 'by which you will know what it is for')
    .requiredOption('--scope <scope...>', 'files:read, files:write, files:delete, jobs, admin, act-as')
    .option('--expires <time>', 'when it ends, such as 2030-01-01T00:00:00Z; never by default')
    .action(async (email: string, { name, scope, expires }: TokenFlags) => {
      if (expires !== undefined && Number.isNaN(Date.parse(expires))) {
        throw new StartError(`--expires: ${expires} is no time. Write it as 2030-01-01T00:00:00Z.`);
      }
      await run({ verb: 'token', email, name, scopes: scope, expiresAt: expires });
    });
  admin
    .command('usage')
    .description('What owners have: files and bytes, held for uploads under way, and their limits.')
    .addOption(new Option('--sort <order>', 'what comes first').choices(Object.keys(USAGE_ORDERS)).default('bytes'))
    .action(({ sort }: { sort: keyof typeof USAGE_ORDERS }) => run({ verb: 'usage', sort: USAGE_ORDERS[sort] }));
  admin
    .command('quota <owner>')
    .description('Give an owner quotas of its own.')
    .option('--bytes <size>', 'such as 10GB, or default', quota(parseSize, 'a size such as 10GB'))
    .option('--files <number>', 'such as 1000, or default', quota(parseNumber, 'a number'))
    .action((owner: string, { bytes, files }: QuotaFlags) => {
      if (bytes === undefined && files === undefined) throw new StartError('Say which: --bytes, --files, or both.');
      return run({ verb: 'quota', owner, bytes: limitOf(bytes), files: limitOf(files) });
    });
  admin
    .command('jobs')
    .description('List dead jobs of all owners, or run them again.')
    .option('--owner <owner>', 'only those of this owner')
    .option('--type <type>', 'only those that make this, such as thumbnail')
    .option('--code <code>', 'only those that died of this, such as out_of_memory')
    .option('--retry', 'run them again')
    .action(({ owner = '', type = '', code = '', retry = false }: JobFlags) =>
      run({ verb: 'jobs', filter: { ownerId: owner, fileId: '', type, code }, retry }),
    );
  return admin;
}

const parseNumber = (text: string): number | undefined => (/^\d{1,15}$/.test(text) ? Number(text) : undefined);

const quota = (parse: (text: string) => number | undefined, expected: string) => (text: string) => {
  const value = text === 'default' ? text : parse(text);
  if (value === undefined) throw new StartError(`${text} is not valid; expected ${expected}, or default.`);
  return value;
};

const limitOf = (flag: number | 'default' | undefined): number | null | undefined => (flag === 'default' ? null : flag);

async function readPassword(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk;
    if (text.length > LONGEST_INPUT) throw new StartError('The password on standard input is too long.');
  }
  return text.replace(/\r?\n$/, '');
}
