import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { reasonOf, StartError } from '../app/start-error.ts';
import { errnoOf } from '../base/errors.ts';
import { type Config, readConfig } from '../config.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What every command is handed. */
export interface CommandContext {
  /** Settings of the environment and of `.env`, validated. Throws `ConfigError` and `StartError`. */
  config(): Config;
  /** The same, not validated. */
  environment(): Environment;
}

export function commandContext(environment: Environment): CommandContext {
  const complete = () => ({ ...readDotEnv(resolve('.env')), ...environment });
  return { config: () => readConfig(complete()), environment: complete };
}

/** What `.env` in the working folder sets; the environment itself goes before it. */
function readDotEnv(path: string): Environment {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return {};
    throw new StartError(`${path} cannot be read: ${reasonOf(error)}. Let this user read it, or remove it.`, error);
  }
}
