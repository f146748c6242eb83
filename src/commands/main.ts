import { CommanderError } from 'commander';
import { commandContext } from './context.ts';
import { explain } from './explain.ts';
import { program } from './program.ts';

const FAILED = 1;
const MISUSED = 2;

/**
 * Runs a command line and answers its exit code: 0 it is done, 1 it failed, 2 there is no such command or option.
 * `environment` is that of the process.
 */
export async function main(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  try {
    const given = args.length === 0 ? ['--help'] : [...args];
    await program(commandContext(environment)).parseAsync(given, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSED;
    for (const line of explain(error, environment)) console.error(`holdfast: ${line}`);
    return FAILED;
  }
}
