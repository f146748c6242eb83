import { serviceContext } from '../../base/context.ts';
import { newId } from '../../base/ids.ts';
import type { Running } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import { TOPICS } from '../../base/topics.ts';
import type { AccountMaintenanceServiceDefinition } from '../../contract/holdfast/internal/v1/account.ts';
import type { MaintenanceServiceDefinition } from '../../contract/holdfast/internal/v1/maintenance.ts';
import type { Broker } from '../../drivers/broker/port.ts';
import type { Service } from '../../rpc/contract.ts';
import { deletedAccounts, markFilesOf } from './accounts.ts';

interface NewsDeps {
  readonly accounts: Service<AccountMaintenanceServiceDefinition>;
  readonly maintenance: Service<MaintenanceServiceDefinition>;
  readonly broker: Broker;
  readonly log: Logger;
}

/**
 * Marks the files of an account as soon as it is said to be deleted: until then public ones are served, and uploads
 * under way are taken. Where the news is lost, the next sweep does it.
 */
export const startDeletingFilesOnNews = ({ accounts, maintenance, broker, log }: NewsDeps): Promise<Running> =>
  broker.consume(TOPICS.accounts, { group: 'janitor', concurrency: 1 }, async ({ type, userId }, signal) => {
    if (type !== 'user.deleted' || typeof userId !== 'string') return;
    const requestId = newId();
    const userLog = log.child({ request_id: requestId, user_id: userId });
    const context = serviceContext('janitor', userLog, requestId, signal);
    // News is no truth: only auth knows whose files may go.
    for await (const page of deletedAccounts(accounts, context)) {
      if (!page.includes(userId)) continue;
      const { marked } = await markFilesOf(maintenance, userId, context);
      userLog.debug({ files: marked }, 'files of a deleted account were marked');
      return;
    }
  });
