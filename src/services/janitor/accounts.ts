import type { CallContext } from '../../base/context.ts';
import type { AccountMaintenanceServiceDefinition } from '../../contract/holdfast/internal/v1/account.ts';
import type {
  DeleteOwnerFilesResponse,
  MaintenanceServiceDefinition,
} from '../../contract/holdfast/internal/v1/maintenance.ts';
import type { Service } from '../../rpc/contract.ts';
import { byLast, pages } from './pages.ts';
import type { Step } from './sweep.ts';

/** Files marked in one call. */
const BATCH = 200;

/**
 * What accounts that were deleted have left. Their files are marked for purging; an account of which none is left is
 * forgotten, in this sweep or, where a purge takes longer, in a later one.
 */
export const deleteFilesOfAccounts: Step = async ({ maintenance, accounts, context, dryRun, report }) => {
  // A first look changes nothing, and there is nothing to count before the files are marked.
  if (dryRun) return;
  for await (const page of deletedAccounts(accounts, context)) {
    for (const userId of page) {
      context.signal.throwIfAborted();
      const { marked, left } = await markFilesOf(maintenance, userId, context);
      report.accounts.files += marked;
      if (!left && (await accounts.forgetUser({ userId }, context)).forgotten) report.accounts.forgotten++;
    }
  }
};

/** Ids of accounts that were deleted and are not forgotten yet. */
export const deletedAccounts = (accounts: Service<AccountMaintenanceServiceDefinition>, context: CallContext) =>
  pages(async (after, limit) => byLast((await accounts.listDeletedUsers({ after, limit }, context)).userIds));

/** Marks all files of an account for purging, uploads under way included. */
export async function markFilesOf(
  maintenance: Service<MaintenanceServiceDefinition>,
  userId: string,
  context: CallContext,
): Promise<DeleteOwnerFilesResponse> {
  for (let marked = 0; ; ) {
    const answer = await maintenance.deleteOwnerFiles({ ownerId: userId, limit: BATCH }, context);
    marked += answer.marked;
    if (answer.marked < BATCH) return { marked, left: answer.left };
  }
}

/** Sessions, tokens, events and audit entries that are over. */
export const pruneAccounts: Step = async ({ accounts, context, dryRun, report }) => {
  Object.assign(report.accountRecords, await accounts.pruneAccounts({ dryRun }, context));
};
