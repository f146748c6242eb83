/**
 * `npm run engines`: starts the servers that Holdfast can run on, prints a line for each, then `ready`, and ends them
 * at Ctrl-C or SIGTERM.
 *
 *   npm run engines -- --only postgres,s3,redis
 *   npm run engines -- --install       installs what is missing first (Debian, as root)
 *
 * Exits with 0 after having been ended, 1 when an engine did not start, 2 for wrong arguments, 3 when one is missing.
 */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ENGINE_NAMES, type Engine, type EngineName, startEngine, whyAbsent } from '../test/harness/engines/index.ts';
import { install, packagesFor } from '../test/harness/engines/install.ts';
import { isAlive } from '../test/harness/process.ts';

const VARIABLES: Readonly<Record<EngineName, string>> = {
  postgres: 'POSTGRES_URL',
  mysql: 'MYSQL_URL',
  s3: 'S3_URL',
  redis: 'REDIS_URL',
  nats: 'NATS_URL',
  rabbitmq: 'AMQP_URL',
};

process.exitCode = await main();
// What waits still, such as a parent that we watch, must not keep us.
process.exit();

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === 'string') {
    console.error(options);
    return 2;
  }
  const { names } = options;
  if (options.install) {
    try {
      await install(packagesFor(names), console.error);
    } catch (error) {
      console.error((error as Error).message);
      return 3;
    }
  }
  const missing = names.map((name) => whyAbsent(name, { own: true })).filter((reason) => reason !== undefined);
  if (missing.length > 0) {
    for (const reason of missing) console.error(`Not here: ${reason}`);
    return 3;
  }
  return runUntilEnded(names);
}

function readOptions(): { names: EngineName[]; install: boolean } | string {
  try {
    const { values } = parseArgs({ options: { only: { type: 'string' }, install: { type: 'boolean' } } });
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

/** Resolves at a signal, and when the npm that started us is gone: it may end without a word. */
function endOfRun(): Promise<void> {
  const above = process.env.npm_lifecycle_event ? [process.ppid, parentOf(process.ppid)] : [];
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
    setInterval(() => above.every((pid) => pid === undefined || isAlive(pid)) || resolve(), 500);
    // Nobody reads what we print.
    process.stdout.on('error', () => resolve());
  });
}

/** Between npm and us stands the launcher. Linux only, elsewhere undefined. */
function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}
