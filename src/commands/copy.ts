import { Command } from 'commander';
import { StartError } from '../app/start-error.ts';
import { createLogger } from '../base/logger.ts';
import type { CommandContext } from './context.ts';
import { copyProgress } from './copy-progress.ts';
import { describeCopy } from './copy-report.ts';

const HELP = `
Each side is a data directory, or a list of a database's URL and an object store's URL, in quotes:
  sqlite:/path/to/holdfast.db  postgres://…  mysql://…  and  file:/path/to/objects  s3://bucket/prefix?endpoint=…

Servers of the source go on meanwhile. For the last pass it refuses changes (503) and serves downloads; so it stays when
the copy is complete. Killed at any moment, the same command goes on. The target must be empty or the same copy's.

Examples:
  holdfast copy --from ./data --to "postgres://me:secret@db/holdfast s3://files" --dry-run
  holdfast copy --from ./data --to "postgres://me:secret@db/holdfast s3://files" --rehearse
  holdfast copy --from ./data --to "postgres://me:secret@db/holdfast s3://files"
  holdfast copy --thaw --from ./data        take the source into use again`;

interface CopyFlags {
  readonly from: string;
  readonly to?: string;
  readonly dryRun?: boolean;
  readonly rehearse?: boolean;
  readonly thaw?: boolean;
  readonly skipDamaged?: boolean;
}

export const copyCommand = (context: CommandContext): Command =>
  new Command('copy')
    .description('Move an installation to another database and object store, while it runs.')
    .requiredOption('--from <urls>', 'where it is')
    .option('--to <urls>', 'where it is to be')
    .option('--dry-run', 'say how much there is to copy, and write nothing')
    .option('--rehearse', 'copy while people write, and neither freeze nor complete')
    .option('--skip-damaged', 'leave out objects that the source has lost or that are not what their rows say')
    .option('--thaw', 'let an installation that was copied be written to again')
    .addHelpText('after', HELP)
    .action(async (flags: CopyFlags, command: Command) => {
      const { from, to, thaw = false } = flags;
      if (thaw === (to !== undefined)) command.error('error: give either --to, or --thaw', { exitCode: 2 });
      const { copyInstallation, thawInstallation } = await import('../app/copy/index.ts');
      const { MINIO_ACCESS_KEY: minioAccessKey, MINIO_SECRET_KEY: minioSecretKey } = context.environment();
      const account = { minioAccessKey, minioSecretKey };
      const log = await createLogger({ level: 'warn', pretty: process.stderr.isTTY === true, to: 'stderr' });
      if (to === undefined) {
        const { wasFrozen } = await thawInstallation({ from, account, log });
        console.log(wasFrozen ? 'It takes changes again.' : 'It was not frozen.');
        return;
      }
      const interrupted = new AbortController();
      const interrupt = () => interrupted.abort(new StartError('Interrupted. Run the same command again: it goes on.'));
      process.once('SIGINT', interrupt);
      process.once('SIGTERM', interrupt);
      const progress = copyProgress(process.stderr);
      const { dryRun = false, rehearse = false, skipDamaged = false } = flags;
      const mode = dryRun ? 'dry-run' : rehearse ? 'rehearse' : 'copy';
      const options = { from, to, mode, skipDamaged, account, progress, signal: interrupted.signal, log } as const;
      const report = await copyInstallation(options).finally(() => progress.end());
      for (const line of describeCopy(report, { mode, from })) console.log(line);
    });
