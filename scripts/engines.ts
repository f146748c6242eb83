/**
 * `npm run engines`: starts the servers that Holdfast can run on, prints a line for each, then `ready`, and ends them
 * at Ctrl-C or SIGTERM.
 *
 *   npm run engines -- --only postgres,s3,redis
 *   npm run engines -- --install       installs what is missing first (Debian, as root)
 *
 * Exits with 0 after having been ended, 1 when an engine did not start, 2 for wrong arguments, 3 when one is missing.
 */

import { parseArgs } from 'node:util';
import { ENGINE_NAMES, type Engine, type EngineName, startEngine } from '../test/harness/engines/index.ts';
import { endOfRun } from './engines/end-of-run.ts';
import { provideEngines } from './engines/provide.ts';

const VARIABLES: Readonly<Record<EngineName, string>> = {
  postgres: 'POSTGRES_URL',
  mysql: 'MYSQL_URL',
  s3: 'S3_URL',
  redis: 'REDIS_URL',
  nats: 'NATS_URL',
  rabbitmq: 'AMQP_URL',
};

const HELP = `Starts the servers that Holdfast can run on, prints a URL for each, then "ready"; Ctrl-C ends them.

  npm run engines
  npm run engines -- --only ${ENGINE_NAMES.join(',')}
  npm run engines -- --install      installs what is missing first (Debian, as root)`;

process.exitCode = await main();
// What waits still, such as a parent that we watch, must not keep us.
process.exit();

async function main(): Promise<number> {
  const options = readOptions();
  if (options === 'help') {
    console.log(HELP);
    return 0;
  }
  if (typeof options === 'string') {
    console.error(options);
    return 2;
  }
  const { names } = options;
  if (!(await provideEngines(names, options))) return 3;
  return runUntilEnded(names);
}

function readOptions(): { names: EngineName[]; install: boolean } | string {
  try {
    const { values } = parseArgs({
      options: { only: { type: 'string' }, install: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) return 'help';
    const wanted = values.only?.split(',') ?? ENGINE_NAMES;
    const names = ENGINE_NAMES.filter((name) => wanted.includes(name));
    const unknown = wanted.filter((name) => !names.some((known) => known === name));
    if (unknown.length > 0) return `--only: there is no ${unknown.join(', ')}; known are ${ENGINE_NAMES.join(', ')}`;
    return { names, install: values.install ?? false };
  } catch (error) {
    return (error as Error).message;
  }
}

async function runUntilEnded(names: readonly EngineName[]): Promise<number> {
  const ended = endOfRun();
  // Told to end meanwhile, we end when all stand or failed: what is half started is not easily ended.
  const results = await Promise.allSettled(names.map((name) => startEngine(name)));
  const engines = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
  for (const { message } of failures) console.error(message);
  if (failures.length === 0) {
    for (const engine of engines) console.log(`${VARIABLES[engine.name]}=${engine.url}`);
    console.log('ready');
    await ended;
  }
  await Promise.all(engines.map((engine: Engine) => engine.stop()));
  return failures.length > 0 ? 1 : 0;
}
