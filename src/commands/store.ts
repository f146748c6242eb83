import { Command } from 'commander';
import { createLogger } from '../base/logger.ts';
import type { CommandContext } from './context.ts';
import { describeSetup } from './store-report.ts';

const HELP = `
An S3 bucket has rules of its own: which web pages may use signed URLs (CORS, for CORS_ORIGINS), and what becomes of
multipart uploads that were given up (lifecycle). This adds what is missing. Rules that others made stay as they are.
With --notify it has the bucket tell a topic or a queue of direct uploads, so that they are confirmed by the store: see
docs/uploads.md. Doing it again changes nothing more.

The credentials need what the server itself does not: s3:GetBucketCORS, s3:PutBucketCORS,
s3:GetLifecycleConfiguration and s3:PutLifecycleConfiguration; with --notify s3:GetBucketNotification and
s3:PutBucketNotification too.

Examples:
  holdfast store setup --dry-run
  CORS_ORIGINS=https://app.example.com holdfast store setup
  holdfast store setup --notify arn:minio:sqs::holdfast:webhook
  holdfast store setup --notify eventbridge`;

interface SetupFlags {
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly notify?: string;
}

export function storeCommand(context: CommandContext): Command {
  const store = new Command('store').description('Look after the object store.');
  store
    .command('setup')
    .description("Write the bucket's rules: CORS, lifecycle, notification.")
    .option('--dry-run', 'change nothing, and say what would be done')
    .option('--notify <arn>', 'have the store tell this topic or queue, or "eventbridge", of direct uploads')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', HELP)
    .action(async ({ dryRun = false, json = false, notify }: SetupFlags) => {
      const config = context.config();
      const { setupStore } = await import('../app/store/setup.ts');
      const log = await createLogger({ level: 'warn', pretty: process.stderr.isTTY === true, to: 'stderr' });
      const findings = await setupStore(config, { dryRun, notify, log });
      if (json) console.log(JSON.stringify(findings, undefined, 2));
      else for (const line of describeSetup(findings, dryRun)) console.log(line);
      if (!dryRun && findings.some(({ mended }) => mended !== true)) process.exitCode = 1;
    });
  return store;
}
