import { Command } from 'commander';
import { version } from '../app/version.ts';
import { adminCommand } from './admin.ts';
import { certsCommand } from './certs.ts';
import type { CommandContext } from './context.ts';
import { copyCommand } from './copy.ts';
import { doctorCommand } from './doctor.ts';
import { migrateCommand } from './migrate.ts';
import { presetsCommand } from './presets.ts';
import { serveCommand } from './serve.ts';
import { storeCommand } from './store.ts';
import { sweepCommand } from './sweep.ts';
import { versionCommand } from './version.ts';

const EXAMPLES = `
Examples:
  holdfast serve                        serve on http://127.0.0.1:8080, data in ./data
  PORT=9000 DATA_DIR=/srv/files holdfast serve
  holdfast doctor                       check everything, and say how to mend what is wrong
  holdfast sweep --dry-run              what the janitor would do

Settings are environment variables, or lines of a .env file in the working folder.`;

/** The command line as a whole. Errors of use are thrown as commander's `CommanderError`. */
export function program(context: CommandContext): Command {
  const holdfast = new Command('holdfast')
    .description('The file back end for an application: takes files in safely, stores, processes and serves them.')
    .version(`holdfast ${version}`, '-V, --version', 'print the version')
    .addHelpText('after', EXAMPLES);
  for (const command of [
    serveCommand(context),
    migrateCommand(context),
    adminCommand(context),
    sweepCommand(context),
    copyCommand(context),
    storeCommand(context),
    presetsCommand(context),
    certsCommand(),
    doctorCommand(context),
    versionCommand(),
  ]) {
    holdfast.addCommand(command);
  }
  everyCommand(holdfast, (command) => {
    command.exitOverride().showHelpAfterError('Run it with --help to see how it is used.');
    command.helpOption('-h, --help', 'show help');
    if (command.commands.length > 0) command.helpCommand('help [command]', 'show help for a command');
  });
  return holdfast;
}

function everyCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) everyCommand(child, visit);
}
