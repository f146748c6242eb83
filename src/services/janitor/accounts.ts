import type { Step, Sweep } from './sweep.ts';

const PAGE = 200;

/**
 * What accounts that were deleted have left. Their files are marked for purging; an account of which none is left is
 * forgotten, in this sweep or, where a purge takes longer, in a later one.
 */
export const deleteFilesOfAccounts: Step = async (sweep) => {
  const { accounts, context, dryRun } = sweep;
  // A first look changes nothing, and there is nothing to count before the files are marked.
  if (dryRun) return;
  for (let after = ''; ; ) {
    const { userIds } = await accounts.listDeletedUsers({ after, limit: PAGE }, context);
    for (const userId of userIds) {
      context.signal.throwIfAborted();
      await deleteFilesOf(sweep, userId);
    }
    const last = userIds.at(-1);
    if (last === undefined || userIds.length < PAGE) return;
    after = last;
  }
};

async function deleteFilesOf({ maintenance, accounts, context, report }: Sweep, userId: string): Promise<void> {
  for (let marked = PAGE; marked === PAGE; ) {
    const answer = await maintenance.deleteOwnerFiles({ ownerId: userId, limit: PAGE }, context);
    marked = answer.marked;
    report.accounts.files += marked;
    if (answer.left) continue;
    const { forgotten } = await accounts.forgetUser({ userId }, context);
    if (forgotten) report.accounts.forgotten++;
    return;
  }
}

/** Sessions, tokens, events and audit entries that are over. */
export const pruneAccounts: Step = async ({ accounts, context, dryRun, report }) => {
  Object.assign(report.accountRecords, await accounts.pruneAccounts({ dryRun }, context));
};
