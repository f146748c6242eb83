import type { Kysely } from 'kysely';
import { newId } from '../../../base/ids.ts';
import { prepared } from '../../../base/prepared-query.ts';
import type { ClaimedJob, ClaimJobsResponse } from '../../../contract/holdfast/internal/v1/work.ts';
import { requireService } from '../access.ts';
import type { WorkVerb } from '../deps.ts';
import { lockedFileRow } from '../file-rows.ts';
import { variantKeyStem } from '../keys.ts';
import type { FilesTables } from '../tables.ts';
import { cancelJobs } from './cancel.ts';

/** Milliseconds. News may come quicker than the clocks of two instances agree. */
const CLOCKS_APART = 100;

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

const readDue = prepared(
  (tx: Kysely<FilesTables>, { fileId, until }: { readonly fileId: string; readonly until: number }) =>
    tx
      .selectFrom('processing_jobs')
      .selectAll()
      .where('file_id', '=', fileId)
      .where('state', 'in', ['queued', 'failed'])
      .where('due_at', '<=', until)
      .orderBy('id'),
);

interface Taking {
  readonly jobId: string;
  readonly leaseToken: string;
  readonly leaseUntil: number;
  readonly now: number;
}

const takeJob = prepared((tx: Kysely<FilesTables>, { jobId, leaseToken, leaseUntil, now }: Taking) =>
  tx
    .updateTable('processing_jobs')
    .set(({ eb }) => ({
      state: 'running',
      attempt: eb('attempt', '+', 1),
      lease_token: leaseToken,
      lease_until: leaseUntil,
      updated_at: now,
    }))
    .where('id', '=', jobId),
);

const countClaim = prepared(
  (tx: Kysely<FilesTables>, { fileId, claim }: { readonly fileId: string; readonly claim: number }) =>
    tx.updateTable('files').set({ attempts: claim }).where('id', '=', fileId),
);

export const claimJobs: WorkVerb<'claimJobs'> =
  ({ db, settings }) =>
  async ({ fileId }, context) => {
    requireService(context);
    const now = await db.now();
    return db.unit(async (tx) => {
      const [file, { rows }] = await Promise.all([
        lockedFileRow(tx, fileId),
        readDue(tx, { fileId, until: now + CLOCKS_APART }),
      ]);
      if (!file || file.object_key === null) return NOTHING;
      if (file.deleted_at !== null) {
        await cancelJobs(tx, fileId, now);
        return NOTHING;
      }
      if (rows.length === 0) return NOTHING;

      const leaseToken = newId();
      const claim = file.attempts + 1;
      const lease = { leaseToken, leaseUntil: now + settings.jobLease, now };
      await Promise.all([
        countClaim(tx, { fileId, claim }),
        ...rows.map((row) => takeJob(tx, { ...lease, jobId: row.id })),
      ]);
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
