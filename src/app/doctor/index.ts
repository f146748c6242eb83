import type { Logger } from '../../base/logger.ts';
import { type Config, ConfigError } from '../../config.ts';
import { holdsData } from '../data-dir.ts';
import { ALL_SERVICES, type Served } from '../house.ts';
import { type Plan, planFor } from '../plan.ts';
import { examineDataDir } from './data-dir.ts';
import { examineDependencies } from './dependencies.ts';
import { examineExposure } from './exposure.ts';
import { examined, type Finding, failed, ok } from './finding.ts';
import { examineMail } from './mail.ts';
import { examineNode } from './node.ts';
import { examinePresets, examineProcessors, MEND_PROCESSING } from './processing.ts';
import { examineServices } from './services.ts';
import { examineSignIn } from './sign-in.ts';

export type { Finding } from './finding.ts';

export interface DoctorOptions {
  /** Throws `ConfigError`. */
  readonly config: () => Config;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Of a process that runs these alone; absent: all. */
  readonly services?: readonly Served[];
}

/** Examines everything that the server needs, beside a running server too, and changes nothing. */
export async function* examine({
  config: readConfig,
  log,
  signal,
  services = ALL_SERVICES,
}: DoctorOptions): AsyncGenerator<Finding, void> {
  yield examineNode();
  let config: Config;
  let plan: Plan;
  try {
    config = readConfig();
    plan = planFor(config, services);
    yield ok('settings', 'valid');
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : [(error as Error).message];
    for (const problem of problems) yield failed('settings', problem, 'Correct it in the environment or in .env.');
    return;
  }
  if (plan.services.has('gateway')) yield* examineExposure(config);
  const dataDir = await examined('data directory', () => examineDataDir(config.dataDir));
  yield dataDir;
  if (dataDir.state !== 'failed') {
    yield* examineDependencies(config, plan, { hasData: await holdsData(config.dataDir), log, signal });
  }
  if (plan.services.has('auth')) yield* examineSignIn(config, signal);
  yield* examineServices(config, plan, { log, signal });
  if (plan.services.has('notifier')) yield await examineMail(config, { log, signal });
  yield await examined('presets', () => examinePresets(config), 'Run "holdfast presets check" on PRESETS_FILE.');
  if (plan.services.has('processor')) {
    yield await examined('processing', () => examineProcessors(config, log, signal), MEND_PROCESSING);
  }
}
