import type { Logger } from '../../base/logger.ts';
import type { Config } from '../../config.ts';
import type { RuleFinding } from '../../drivers/objects/port.ts';
import { StartError } from '../start-error.ts';
import { openStoreAlone } from './open.ts';
import { rulesFor } from './rules.ts';

interface SetupOptions {
  /** Only look. */
  readonly dryRun: boolean;
  /** What the store is to tell of uploads: see `StoreRules`. */
  readonly notify?: string | undefined;
  readonly log: Logger;
}

/**
 * Makes the rules of the object store those that the settings ask for, beside a running server too. Answers what was not
 * as it should be. Throws `StartError` for a store that keeps no rules.
 */
export async function setupStore(
  config: Config,
  { dryRun, notify, log }: SetupOptions,
): Promise<readonly RuleFinding[]> {
  if (notify !== undefined && !/^(arn:[^:\s]*:(sns|sqs):\S+|eventbridge)$/.test(notify)) {
    throw new StartError('--notify: expected the ARN of a topic or a queue, as the store calls it, or "eventbridge".');
  }
  const store = config.storageUrl.startsWith('file:') ? undefined : await openStoreAlone(config, log);
  try {
    if (!store?.setup)
      throw new StartError('STORAGE_URL: a store on the disk keeps no rules; nothing is to be set up.');
    const rules = rulesFor(config, notify);
    return await (dryRun ? store.setup.inspect(rules) : store.setup.apply(rules));
  } finally {
    await store?.close();
  }
}
