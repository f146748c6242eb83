import type { Logger } from '../../base/logger.ts';
import type { Config } from '../../config.ts';
import { controlClient } from '../control/client.ts';
import { DataDirLocked } from '../data-dir-lock.ts';
import { type Ground, openGround } from '../ground.ts';
import { migrationStates } from '../migrations.ts';
import { askAll } from '../probes.ts';
import { probesOf } from '../services.ts';
import { type Finding, failed, ok, warning } from './finding.ts';
import { examinePort } from './port.ts';

const REMEDIES: Readonly<Record<string, string>> = {
  database: 'Check DATABASE_URL and the disk that it is on. If the file is damaged, restore it from a backup.',
  storage: 'Check STORAGE_URL, the disk that it is on, and its free space.',
  broker: 'Check BROKER_URL.',
};

/** Each dependency, tried for real: through the server that has the data directory, or, where none runs, by itself. */
export async function* examineDependencies(
  config: Config,
  log: Logger,
  signal: AbortSignal,
): AsyncGenerator<Finding, void> {
  let ground: Ground;
  try {
    ground = await openGround(config, { command: 'doctor', publicUrl: () => 'http://localhost', log });
  } catch (error) {
    if (error instanceof DataDirLocked) yield* throughTheServer(error, signal);
    else yield failed('dependencies', (error as Error).message);
    return;
  }
  try {
    yield* findingsOf(await askAll(probesOf(ground), signal));
    yield await examineMigrations(ground);
  } finally {
    await ground.close();
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

function* findingsOf(answers: Readonly<Record<string, string | null>>): Generator<Finding> {
  for (const [name, problem] of Object.entries(answers)) {
    yield problem === null ? ok(name, 'works') : failed(name, problem, REMEDIES[name]);
  }
}

async function examineMigrations({ database }: Ground): Promise<Finding> {
  const states = await migrationStates(database);
  const due = states.filter(({ appliedAt }) => appliedAt === undefined).length;
  if (due === 0) return ok('tables', 'up to date');
  return ok('tables', `${due} of ${states.length} migrations are due; they run at the next start`);
}
