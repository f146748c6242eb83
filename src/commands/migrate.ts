import { Command } from 'commander';
import { createLogger } from '../base/logger.ts';
import type { CommandContext } from './context.ts';

const HELP = `
The server does this by itself when it starts. By hand it is for looking first, and for doing it apart from starting.

Examples:
  holdfast migrate
  holdfast migrate status`;

const quietLog = () => createLogger({ level: 'warn', pretty: process.stderr.isTTY === true, to: 'stderr' });

export function migrateCommand(context: CommandContext): Command {
  const migrate = new Command('migrate')
    .description("Bring the database's tables up to date.")
    .addHelpText('after', HELP)
    .action(async () => {
      const { migrateDatabase } = await import('../app/migrate.ts');
      const ran = await migrateDatabase(context.config(), await quietLog());
      for (const { service, name } of ran) console.log(`${service}: ran ${name}`);
      if (ran.length === 0) console.log('All is up to date.');
    });
  migrate
    .command('status')
    .description('Say which migrations have run and which are due. Changes nothing.')
    .action(async () => {
      const { migrationStatus } = await import('../app/migrate.ts');
      for (const { service, name, appliedAt } of await migrationStatus(context.config(), await quietLog())) {
        console.log(`${service}: ${name}  ${appliedAt === undefined ? 'due' : new Date(appliedAt).toISOString()}`);
      }
    });
  return migrate;
}
