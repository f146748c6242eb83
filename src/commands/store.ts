import { Command } from 'commander';
import { createLogger } from '../base/logger.ts';
import type { CommandContext } from './context.ts';
import { describeSetup } from './store-report.ts';

const HELP = `
An S3 bucket has rules of its own: which web pages may use signed URLs (CORS, for CORS_ORIGINS), and what becomes of
multipart uploads that were given up (lifecycle). This adds what is missing. Rules that others made stay as they are.
Doing it again changes nothing more. The credentials need s3:GetBucketCORS, s3:PutBucketCORS,
s3:GetLifecycleConfiguration and s3:PutLifecycleConfiguration, which the server itself does not.

Examples:
  holdfast store setup --dry-run
  CORS_ORIGINS=https://app.example.com holdfast store setup`;

interface SetupFlags {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function storeCommand(context: CommandContext): Command {
  const store = new Command('store').description('Look after the object store.');
  store
    .command('setup')
    .description("Write the bucket's CORS and lifecycle rules.")
    .option('--dry-run', 'change nothing, and say what would be done')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', HELP)
    .action(async ({ dryRun = false, json = false }: SetupFlags) => {
      const config = context.config();
      const { setupStore } = await import('../app/store/setup.ts');
      const log = await createLogger({ level: 'warn', pretty: process.stderr.isTTY === true, to: 'stderr' });
      const findings = await setupStore(config, { dryRun, log });
      if (json) console.log(JSON.stringify(findings, undefined, 2));
      else for (const line of describeSetup(findings, dryRun)) console.log(line);
      if (!dryRun && findings.some(({ mended }) => mended !== true)) process.exitCode = 1;
    });
  return store;
}
