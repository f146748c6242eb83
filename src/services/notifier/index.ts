import type { Running } from '../../base/lifecycle.ts';
import { TOPICS } from '../../base/topics.ts';
import { breakLeases } from './break-leases.ts';
import { accountsLog } from './consume/accounts.ts';
import { startConsumer } from './consume/consumer.ts';
import { filesLog } from './consume/files.ts';
import { startDelivering } from './deliveries/deliver.ts';
import { startPruning } from './deliveries/prune.ts';
import type { NotifierDeps } from './deps.ts';
import { mailChannel } from './mail/channel.ts';
import { showDeliveries } from './metrics.ts';

export { NOTIFIER_MIGRATIONS } from './migrations/index.ts';
export type { NotifierTables } from './tables.ts';

/** Milliseconds between tries of a mail that could not be sent for now, and how many: about a day. */
const RETRY = { base: 5_000, max: 900_000 };
const MAX_ATTEMPTS = 100;
const POLL = 2_000;

export interface Notifier {
  start(): Promise<Running>;
  /** See break-leases.ts. */
  breakLeases(): Promise<void>;
}

/**
 * Tells people by mail what happened: reads the logs of the services that know it, writes down what is to be told, and
 * delivers that. Any number may run, and any may be killed at any moment: a mail may then come twice, and never not at all.
 */
export function createNotifier(deps: NotifierDeps): Notifier {
  const { db, broker, settings, log } = deps;
  const retry = { retry: settings.retry ?? RETRY, maxAttempts: settings.maxAttempts ?? MAX_ATTEMPTS };
  return {
    breakLeases: () => breakLeases(db),
    async start() {
      const delivering = startDelivering({ db, retry, every: settings.pollInterval ?? POLL, log }, mailChannel(deps));
      const consumers = {
        accounts: startConsumer(deps, accountsLog(deps), delivering.wake),
        files: startConsumer(deps, filesLog(deps), delivering.wake),
      };
      const pruning = startPruning(deps, 'mail_deliveries');
      const hide = showDeliveries(deps, 'mail_deliveries');
      const loops: Running[] = [consumers.accounts, consumers.files, delivering, pruning];
      const stop = async () => {
        hide();
        await Promise.all(loops.map((loop) => loop.stop()));
      };
      try {
        loops.push(await broker.listen(TOPICS.accounts, () => consumers.accounts.wake()));
        loops.push(
          await broker.listen(TOPICS.events, ({ type }) => {
            if (type === 'file.uploaded' || type === 'file.processed') consumers.files.wake();
          }),
        );
      } catch (error) {
        await stop();
        throw error;
      }
      return { stop };
    },
  };
}
