import type { Logger } from '../../base/logger.ts';
import type { Config } from '../../config.ts';
import type { ObjectStore } from '../../drivers/objects/port.ts';
import { openStoreAlone } from '../store/open.ts';
import { rulesFor } from '../store/rules.ts';
import { type Finding, failed, ok, warning } from './finding.ts';

/** Whether the store's own rules are those that the settings ask for, where it keeps any. */
export async function examineStoreRules({ setup }: ObjectStore, config: Config): Promise<Finding[]> {
  if (!setup) return [];
  try {
    const found = await setup.inspect(rulesFor(config));
    if (found.length === 0) return [ok('bucket', 'its CORS and lifecycle rules are as they should be')];
    return found.map(({ rules, problem, change, remedy = '' }) =>
      warning(
        `${rules} rules`,
        problem,
        change === undefined ? remedy : `Run "holdfast store setup": it will ${change}.`,
      ),
    );
  } catch (error) {
    return [warning('bucket', (error as Error).message, 'Try again when the store answers.')];
  }
}

/** The same, beside a server that has tried the store itself. */
export async function examineStoreBesideServer(config: Config, log: Logger): Promise<Finding[]> {
  if (config.storageUrl.startsWith('file:')) return [];
  try {
    const store = await openStoreAlone(config, log);
    try {
      return await examineStoreRules(store, config);
    } finally {
      await store.close();
    }
  } catch (error) {
    return [failed('objects', (error as Error).message)];
  }
}
