import { HoldfastError } from '../../../base/errors.ts';
import { requireService } from '../access.ts';
import type { WorkVerb } from '../deps.ts';

export const extendLease: WorkVerb<'extendLease'> =
  ({ db, settings }) =>
  async ({ fileId, leaseToken }, context) => {
    requireService(context);
    const now = await db.now();
    const { numUpdatedRows } = await db.unit((tx) =>
      tx
        .updateTable('processing_jobs')
        .set({ lease_until: now + settings.jobLease })
        .where('file_id', '=', fileId)
        .where('lease_token', '=', leaseToken)
        .where('state', '=', 'running')
        .executeTakeFirst(),
    );
    if (numUpdatedRows === 0n)
      throw new HoldfastError('lease_lost', 'These jobs are not held under this lease any more.');
    return {};
  };

export const releaseJobs: WorkVerb<'releaseJobs'> =
  ({ db }) =>
  async ({ fileId, leaseToken }, context) => {
    requireService(context);
    const now = await db.now();
    await db.unit((tx) =>
      tx
        .updateTable('processing_jobs')
        .set(({ eb }) => ({
          state: 'queued' as const,
          attempt: eb('attempt', '-', 1),
          due_at: now,
          announce_at: now,
          lease_token: null,
          lease_until: null,
          updated_at: now,
        }))
        .where('file_id', '=', fileId)
        .where('lease_token', '=', leaseToken)
        .where('state', '=', 'running')
        .execute(),
    );
    return {};
  };
