import type { Kysely } from 'kysely';
import { backoff } from '../../../base/backoff.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { prepared, preparedInsert } from '../../../base/prepared-query.ts';
import type { JobFailure, JobOutcome, MadeVariant } from '../../../contract/holdfast/internal/v1/work.ts';
import { requireService } from '../access.ts';
import type { WorkVerb } from '../deps.ts';
import { appendEvents } from '../events/append.ts';
import { type FileRow, lockFile } from '../file-rows.ts';
import type { JobRow } from '../job-rows.ts';
import type { FilesTables, FileVariantsTable } from '../tables.ts';
import { countEnded, endedEvents } from './end.ts';

/** Milliseconds between tries of a job that failed for a passing reason. */
const RETRY = { base: 2_000, max: 300_000 };

export const completeJobs: WorkVerb<'completeJobs'> =
  ({ db, settings, onEvent }) =>
  async ({ fileId, leaseToken, outcomes }, context) => {
    requireService(context);
    const now = await db.now();
    const obsoleteKeys = await db.unit(async (tx) => {
      const [file, leased, variants] = await Promise.all([
        lockFile(tx, fileId),
        readLeased(tx, { fileId, leaseToken }),
        readVariants(tx, { fileId }),
      ]);
      const jobs = assertHeld(leased.rows, outcomes);
      const keys = new Map(variants.rows.map((row) => [row.type, row.object_key]));
      const obsolete: string[] = [];
      const writing: Promise<unknown>[] = [];
      const succeeded: JobRow[] = [];
      const dead: JobRow[] = [];
      let crashed = false;
      for (const { jobId, variant, failure } of outcomes) {
        const job = jobs.get(jobId) as JobRow;
        if (variant) {
          const replaced = keys.get(job.type);
          if (replaced !== undefined && replaced !== variant.key) obsolete.push(replaced);
          keys.set(job.type, variant.key);
          writing.push((replaced === undefined ? insertVariant : writeVariant)(tx, variantRow(job, variant, now)));
          writing.push(endJob(tx, { ...job, state: 'succeeded', code: null, reason: null, updated_at: now }));
          succeeded.push(job);
        } else if (failure) {
          crashed ||= failure.crashed;
          const failed = afterFailure(job, failure, settings.maxRetries, now);
          writing.push(endJob(tx, failed));
          if (failed.state === 'dead') dead.push(failed);
        }
      }
      const counters = countEnded(file, { succeeded, dead });
      const events = endedEvents(file, counters, { succeeded, dead });
      const sequence = file.sequence + events.length;
      writing.push(appendEvents(tx, file, events, now));
      const apart = crashed ? 1 : file.apart;
      writing.push(writeFile(tx, { ...counters, id: file.id, sequence, updated_at: now, apart }));
      await Promise.all(writing);
      return obsolete;
    });
    onEvent();
    return { obsoleteKeys };
  };

const readLeased = prepared(
  (tx: Kysely<FilesTables>, { fileId, leaseToken }: { readonly fileId: string; readonly leaseToken: string }) =>
    tx
      .selectFrom('processing_jobs')
      .selectAll()
      .where('file_id', '=', fileId)
      .where('lease_token', '=', leaseToken)
      .where('state', '=', 'running')
      .forUpdate(),
);

/** The jobs that the outcomes are of. Throws `lease_lost` unless the lease holds every one of them. */
function assertHeld(leased: readonly JobRow[], outcomes: readonly JobOutcome[]): Map<string, JobRow> {
  const jobs = new Map(leased.map((row) => [row.id, row]));
  const ids = new Set(outcomes.map((outcome) => outcome.jobId));
  if (ids.size !== outcomes.length || outcomes.some(({ jobId }) => !jobs.has(jobId))) {
    throw new HoldfastError('lease_lost', 'These jobs are not held under this lease any more.');
  }
  return jobs;
}

const readVariants = prepared((tx: Kysely<FilesTables>, { fileId }: { readonly fileId: string }) =>
  tx.selectFrom('file_variants').select(['type', 'object_key']).where('file_id', '=', fileId),
);

const variantRow = (job: JobRow, variant: MadeVariant, now: number): FileVariantsTable => ({
  file_id: job.file_id,
  type: job.type,
  object_key: variant.key,
  content_type: variant.contentType,
  size: variant.size,
  width: variant.width,
  height: variant.height,
  sha256: variant.sha256,
  created_at: now,
});

const insertVariant = preparedInsert<FilesTables, 'file_variants'>('file_variants');

const writeVariant = prepared((tx: Kysely<FilesTables>, row: FileVariantsTable) =>
  tx
    .updateTable('file_variants')
    .set({
      object_key: row.object_key,
      content_type: row.content_type,
      size: row.size,
      width: row.width,
      height: row.height,
      sha256: row.sha256,
      created_at: row.created_at,
    })
    .where('file_id', '=', row.file_id)
    .where('type', '=', row.type),
);

/** The job as it is after a failure, with the reason and when it is due again. */
function afterFailure(job: JobRow, { code, reason, permanent }: JobFailure, maxRetries: number, now: number): JobRow {
  const failed = { ...job, code, reason, updated_at: now };
  if (permanent || job.attempt > maxRetries) return { ...failed, state: 'dead' };
  const due = now + backoff(job.attempt, RETRY);
  return { ...failed, state: 'failed', due_at: due, announce_at: due };
}

const endJob = prepared((tx: Kysely<FilesTables>, job: JobRow) =>
  tx
    .updateTable('processing_jobs')
    .set({
      state: job.state,
      code: job.code,
      reason: job.reason,
      due_at: job.due_at,
      announce_at: job.announce_at,
      lease_token: null,
      lease_until: null,
      updated_at: job.updated_at,
    })
    .where('id', '=', job.id),
);

const writeFile = prepared(
  (
    tx: Kysely<FilesTables>,
    row: Pick<FileRow, 'id' | 'jobs_total' | 'jobs_finished' | 'jobs_failed' | 'sequence' | 'updated_at' | 'apart'>,
  ) =>
    tx
      .updateTable('files')
      .set({
        jobs_total: row.jobs_total,
        jobs_finished: row.jobs_finished,
        jobs_failed: row.jobs_failed,
        sequence: row.sequence,
        updated_at: row.updated_at,
        apart: row.apart,
      })
      .where('id', '=', row.id),
);
