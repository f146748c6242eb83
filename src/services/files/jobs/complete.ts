import type { Kysely } from 'kysely';
import { backoff } from '../../../base/backoff.ts';
import { HoldfastError } from '../../../base/errors.ts';
import type { JobFailure, JobOutcome, MadeVariant } from '../../../contract/holdfast/internal/v1/work.ts';
import { requireService } from '../access.ts';
import type { WorkVerb } from '../deps.ts';
import { appendEvents } from '../events/append.ts';
import { type FileRow, lockFile } from '../file-rows.ts';
import type { JobRow } from '../job-rows.ts';
import type { FilesTables } from '../tables.ts';
import { countEnded, endedEvents } from './end.ts';

/** Milliseconds between tries of a job that failed for a passing reason. */
const RETRY = { base: 2_000, max: 300_000 };

export const completeJobs: WorkVerb<'completeJobs'> =
  ({ db, settings, onEvent }) =>
  async ({ fileId, leaseToken, outcomes }, context) => {
    requireService(context);
    const now = await db.now();
    const obsoleteKeys = await db.unit(async (tx) => {
      const file = await lockFile(tx, fileId);
      const jobs = await leasedJobs(tx, fileId, leaseToken, outcomes);
      const obsolete: string[] = [];
      const succeeded: JobRow[] = [];
      const dead: JobRow[] = [];
      let crashed = false;
      for (const { jobId, variant, failure } of outcomes) {
        const job = jobs.get(jobId) as JobRow;
        if (variant) {
          const replaced = await putVariant(tx, job, variant, now);
          if (replaced !== undefined && replaced !== variant.key) obsolete.push(replaced);
          await endJob(tx, job, { state: 'succeeded', code: null, reason: null }, now);
          succeeded.push(job);
        } else if (failure) {
          crashed ||= failure.crashed;
          const failed = await failJob(tx, job, failure, settings.maxRetries, now);
          if (failed.state === 'dead') dead.push(failed);
        }
      }
      await writeFile(tx, file, { succeeded, dead, crashed }, now);
      return obsolete;
    });
    onEvent();
    return { obsoleteKeys };
  };

/** The jobs that the outcomes are of. Throws `lease_lost` unless the lease holds every one of them. */
async function leasedJobs(
  tx: Kysely<FilesTables>,
  fileId: string,
  leaseToken: string,
  outcomes: readonly JobOutcome[],
): Promise<Map<string, JobRow>> {
  const rows = await tx
    .selectFrom('processing_jobs')
    .selectAll()
    .where('file_id', '=', fileId)
    .where('lease_token', '=', leaseToken)
    .where('state', '=', 'running')
    .forUpdate()
    .execute();
  const jobs = new Map(rows.map((row) => [row.id, row]));
  const ids = new Set(outcomes.map((outcome) => outcome.jobId));
  if (ids.size !== outcomes.length || outcomes.some(({ jobId }) => !jobs.has(jobId))) {
    throw new HoldfastError('lease_lost', 'These jobs are not held under this lease any more.');
  }
  return jobs;
}

/** Makes this the file's variant of its type; answers the key of the one before. */
async function putVariant(tx: Kysely<FilesTables>, job: JobRow, variant: MadeVariant, now: number) {
  const before = await tx
    .selectFrom('file_variants')
    .select('object_key')
    .where('file_id', '=', job.file_id)
    .where('type', '=', job.type)
    .executeTakeFirst();
  const row = {
    object_key: variant.key,
    content_type: variant.contentType,
    size: variant.size,
    width: variant.width,
    height: variant.height,
    sha256: variant.sha256,
    created_at: now,
  };
  if (before) {
    await tx
      .updateTable('file_variants')
      .set(row)
      .where('file_id', '=', job.file_id)
      .where('type', '=', job.type)
      .execute();
  } else {
    await tx
      .insertInto('file_variants')
      .values({ file_id: job.file_id, type: job.type, ...row })
      .execute();
  }
  return before?.object_key;
}

async function failJob(
  tx: Kysely<FilesTables>,
  job: JobRow,
  { code, reason, permanent }: JobFailure,
  maxRetries: number,
  now: number,
): Promise<JobRow> {
  const dead = permanent || job.attempt > maxRetries;
  const due = now + backoff(job.attempt, RETRY);
  return endJob(
    tx,
    job,
    { state: dead ? 'dead' : 'failed', code, reason, ...(!dead && { due_at: due, announce_at: due }) },
    now,
  );
}

async function endJob(tx: Kysely<FilesTables>, job: JobRow, change: Partial<JobRow>, now: number): Promise<JobRow> {
  const changes = { ...change, lease_token: null, lease_until: null, updated_at: now };
  await tx.updateTable('processing_jobs').set(changes).where('id', '=', job.id).execute();
  return { ...job, ...changes };
}

async function writeFile(
  tx: Kysely<FilesTables>,
  file: FileRow,
  { succeeded, dead, crashed }: { succeeded: JobRow[]; dead: JobRow[]; crashed: boolean },
  now: number,
): Promise<void> {
  const counters = countEnded(file, { succeeded, dead });
  const sequence = await appendEvents(tx, file, endedEvents(file, counters, { succeeded, dead }), now);
  await tx
    .updateTable('files')
    .set({ ...counters, sequence, updated_at: now, ...(crashed && { apart: 1 }) })
    .where('id', '=', file.id)
    .execute();
}
