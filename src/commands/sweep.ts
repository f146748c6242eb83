import { Command } from 'commander';
import { createLogger } from '../base/logger.ts';
import type { CommandContext } from './context.ts';
import { describeSweep } from './sweep-report.ts';

const HELP = `
Does now what the server does every CLEANUP_INTERVAL: settles uploads that were never confirmed, removes for good what
is past its time, and deletes objects that no file refers to. Where a server runs, it does the sweep; otherwise the
command does it itself.

Examples:
  holdfast sweep --dry-run
  holdfast sweep --json | jq .purged`;

interface SweepFlags {
  readonly dryRun?: boolean;
  readonly allOrphans?: boolean;
  readonly json?: boolean;
}

export const sweepCommand = (context: CommandContext): Command =>
  new Command('sweep')
    .description('Tidy up now: expired uploads and files, old trash, orphan objects.')
    .option('--dry-run', 'change nothing, and say what would be done')
    .option('--all-orphans', 'delete orphan objects even when there are suspiciously many')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', HELP)
    .action(async ({ dryRun = false, allOrphans = false, json = false }: SweepFlags) => {
      const config = context.config();
      const { sweepDataDir } = await import('../app/sweep.ts');
      const interrupted = new AbortController();
      process.once('SIGINT', () => interrupted.abort());
      process.once('SIGTERM', () => interrupted.abort());
      const report = await sweepDataDir(config, {
        dryRun,
        allOrphans,
        signal: interrupted.signal,
        log: await createLogger({ level: 'warn', pretty: process.stderr.isTTY === true, to: 'stderr' }),
      });
      if (json) console.log(JSON.stringify(report, undefined, 2));
      else for (const line of describeSweep(report)) console.log(line);
      if (report.failures > 0 || report.orphans.stopped !== undefined) process.exitCode = 1;
    });
