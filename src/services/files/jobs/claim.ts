import { newId } from '../../../base/ids.ts';
import type { ClaimedJob, ClaimJobsResponse } from '../../../contract/holdfast/internal/v1/work.ts';
import { requireService } from '../access.ts';
import type { WorkVerb } from '../deps.ts';
import { lockedFileRow } from '../file-rows.ts';
import { variantKeyStem } from '../keys.ts';
import { cancelJobs } from './cancel.ts';

/** What there is to do under one lease; nothing where the file is away or has no due jobs. */
const NOTHING: ClaimJobsResponse = {
  jobs: [],
  leaseToken: '',
  leaseSeconds: 0,
  key: '',
  contentType: '',
  size: 0,
  apart: false,
};

export const claimJobs: WorkVerb<'claimJobs'> =
  ({ db, settings }) =>
  async ({ fileId }, context) => {
    requireService(context);
    const now = await db.now();
    return db.unit(async (tx) => {
      const file = await lockedFileRow(tx, fileId);
      if (!file || file.object_key === null) return NOTHING;
      if (file.deleted_at !== null) {
        await cancelJobs(tx, fileId, now);
        return NOTHING;
      }
      const rows = await tx
        .selectFrom('processing_jobs')
        .selectAll()
        .where('file_id', '=', fileId)
        .where('state', 'in', ['queued', 'failed'])
        .where('due_at', '<=', now)
        .orderBy('id')
        .execute();
      if (rows.length === 0) return NOTHING;

      const leaseToken = newId();
      const claim = file.attempts + 1;
      const counted = tx.updateTable('files').set({ attempts: claim }).where('id', '=', fileId);
      const taken = tx
        .updateTable('processing_jobs')
        .set(({ eb }) => ({
          state: 'running' as const,
          attempt: eb('attempt', '+', 1),
          lease_token: leaseToken,
          lease_until: now + settings.jobLease,
          updated_at: now,
        }))
        .where(
          'id',
          'in',
          rows.map((row) => row.id),
        );
      await Promise.all([counted.execute(), taken.execute()]);
      const jobs = rows.map(
        (row): ClaimedJob => ({
          id: row.id,
          type: row.type,
          processor: row.processor,
          options: JSON.parse(row.options),
          attempt: row.attempt + 1,
          keyStem: variantKeyStem(file.owner_key, fileId, row.type, claim),
        }),
      );
      return {
        jobs,
        leaseToken,
        leaseSeconds: Math.floor(settings.jobLease / 1000),
        key: file.object_key,
        contentType: file.content_type,
        size: file.size,
        apart: file.apart === 1,
      };
    });
  };
