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

/** `environment` is that of the process: what a library looks up there by itself, and `.env` sets, is added to it. */
export function commandContext(environment: Record<string, string | undefined>): CommandContext {
  const complete = () => {
    const settings = { ...readDotEnv(resolve('.env')), ...environment };
    for (const [name, value] of Object.entries(settings)) {
      if (LOOKED_UP.test(name)) environment[name] ??= value;
    }
    return settings;
  };
  return { config: () => readConfig(complete()), environment: complete };
}

/** The SDK of AWS finds its credentials, profile and region by many names. */
const LOOKED_UP = /^AWS_/;

/** What `.env` in the working folder sets; the environment itself goes before it. */
function readDotEnv(path: string): Environment {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return {};
    throw new StartError(`${path} cannot be read: ${reasonOf(error)}. Let this user read it, or remove it.`, error);
  }
}
