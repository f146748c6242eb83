import type { Logger } from '../../base/logger.ts';
import { type Config, ConfigError } from '../../config.ts';
import { holdsData } from '../data-dir.ts';
import { examineDataDir } from './data-dir.ts';
import { examineDependencies } from './dependencies.ts';
import { examineExposure } from './exposure.ts';
import { examined, type Finding, failed, ok } from './finding.ts';
import { examineNode } from './node.ts';
import { examinePresets, examineProcessors, MEND_PROCESSING } from './processing.ts';

export type { Finding } from './finding.ts';

export interface DoctorOptions {
  /** Throws `ConfigError`. */
  readonly config: () => Config;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Examines everything that the server needs, beside a running server too, and changes nothing. */
export async function* examine({ config: readConfig, log, signal }: DoctorOptions): AsyncGenerator<Finding, void> {
  yield examineNode();
  let config: Config;
  try {
    config = readConfig();
    yield ok('settings', 'valid');
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : [(error as Error).message];
    for (const problem of problems) yield failed('settings', problem, 'Correct it in the environment or in .env.');
    return;
  }
  yield* examineExposure(config);
  const dataDir = await examined('data directory', () => examineDataDir(config.dataDir));
  yield dataDir;
  if (dataDir.state !== 'failed') {
    yield* examineDependencies(config, { hasData: await holdsData(config.dataDir), log, signal });
  }
  yield await examined('presets', () => examinePresets(config), 'Run "holdfast presets check" on PRESETS_FILE.');
  yield await examined('processing', () => examineProcessors(config, log, signal), MEND_PROCESSING);
}
