import { CommanderError } from 'commander';
import { StartError } from '../app/start-error.ts';
import { ConfigError } from '../config.ts';
import { commandContext } from './context.ts';
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

function explain(error: unknown, { LOG_LEVEL }: NodeJS.ProcessEnv): readonly string[] {
  if (error instanceof ConfigError) return error.problems;
  const { message, stack } = error as Error;
  if (error instanceof StartError) return [message];
  if (LOG_LEVEL === 'debug' || LOG_LEVEL === 'trace') return [stack ?? message];
  return [`${message} (Set LOG_LEVEL=debug to see where.)`];
}
