import { StartError } from '../app/start-error.ts';
import { HoldfastError } from '../base/errors.ts';
import { ConfigError } from '../config.ts';

/** Why a command failed, for a person: what is known in a line each; of what is not, where to look. */
export function explain(error: unknown, { LOG_LEVEL }: NodeJS.ProcessEnv): readonly string[] {
  if (error instanceof ConfigError) return error.problems;
  const { message, stack } = error as Error;
  if (error instanceof StartError) return [message];
  if (LOG_LEVEL === 'debug' || LOG_LEVEL === 'trace') return [stack ?? message];
  if (error instanceof HoldfastError && error.code !== 'internal') return [message + because(error.cause)];
  return [`${message} (Set LOG_LEVEL=debug to see where.)`];
}

/** What stands behind an error, in its first line. */
function because(cause: unknown): string {
  const [line] = cause instanceof Error ? cause.message.trim().split('\n') : [];
  return line ? ` (${line})` : '';
}
