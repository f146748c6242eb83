import type { Logger } from '../../base/logger.ts';
import type { Config } from '../../config.ts';
import { controlClient } from '../control/client.ts';
import { DataDirLocked, lockDataDir } from '../data-dir-lock.ts';
import type { Plan } from '../plan.ts';
import { examineEngines, findingsOf } from './engines.ts';
import { type Finding, failed, ok, warning } from './finding.ts';
import { examineIngest } from './ingest.ts';
import { examinePort } from './port.ts';
import { examineStoreBesideServer } from './store.ts';

interface DependenciesOptions {
  /** Whether the data directory holds data. */
  readonly hasData: boolean;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Each dependency, tried for real: through the server that has the data directory, or, where none runs, by itself. */
export async function* examineDependencies(
  config: Config,
  { drivers, services }: Plan,
  { hasData, log, signal }: DependenciesOptions,
): AsyncGenerator<Finding, void> {
  // There is nobody else's data to look after where there is none.
  const lock = hasData ? await lockDataDir(config.dataDir).catch((error: unknown) => error as Error) : undefined;
  if (lock instanceof DataDirLocked) {
    yield* throughTheServer(lock, signal);
    if (drivers.has('objects')) yield* await examineStoreBesideServer(config, log);
    return;
  }
  if (lock instanceof Error) {
    yield failed('data directory', lock.message);
    return;
  }
  try {
    await lock?.tell({ pid: process.pid, command: 'doctor', startedAt: new Date().toISOString() });
    yield* examineEngines(config, drivers, { log, signal });
    if (services.has('ingest')) yield* examineIngest(config, { log, signal });
  } finally {
    lock?.release();
  }
  yield await examinePort(config);
}

async function* throughTheServer({ holder, message }: DataDirLocked, signal: AbortSignal): AsyncGenerator<Finding> {
  if (holder?.control === undefined) {
    yield warning('server', message, 'Wait until it has started or ended, and examine again.');
    return;
  }
  try {
    const status = await controlClient(holder.control).status({}, signal);
    yield ok('server', `Holdfast ${status.version} runs as process ${status.pid} on ${status.url}`);
    yield* findingsOf(status.dependencies);
  } catch (error) {
    yield failed('server', (error as Error).message, `See its log, or end process ${holder.pid} and start it again.`);
  }
}
