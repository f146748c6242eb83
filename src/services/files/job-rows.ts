import type { Kysely, Selectable } from 'kysely';
import { fromWord } from '../../base/enum-words.ts';
import { newId } from '../../base/ids.ts';
import { preparedInsert } from '../../base/prepared-query.ts';
import { type Job, JobState } from '../../contract/holdfast/v1/file.ts';
import type { PlannedJob } from './catalog.ts';
import type { FileRow } from './file-rows.ts';
import type { FilesTables, ProcessingJobsTable } from './tables.ts';

export type JobRow = Selectable<ProcessingJobsTable>;

export const toJob = (row: JobRow): Job => ({
  id: row.id,
  fileId: row.file_id,
  type: row.type,
  processor: row.processor,
  options: JSON.parse(row.options),
  state: fromWord(JobState, row.state),
  attempt: row.attempt,
  code: row.code ?? undefined,
  reason: row.reason ?? undefined,
  createdAt: new Date(row.created_at),
  updatedAt: new Date(row.updated_at),
});

/** How long after its news a job waits before the news is sent again, in milliseconds. */
export const ANNOUNCE_EVERY = 10_000;

/** Queued jobs whose news the caller sends once the unit of work that inserts them has committed. */
export function newJobs(
  file: Pick<FileRow, 'id' | 'owner_id'>,
  planned: readonly PlannedJob[],
  { counted, now }: { counted: boolean; now: number },
): JobRow[] {
  return planned.map((job) => ({
    id: newId(),
    file_id: file.id,
    owner_id: file.owner_id,
    type: job.type,
    processor: job.processor,
    options: JSON.stringify(job.options),
    counted: counted ? 1 : 0,
    state: 'queued',
    attempt: 0,
    losses: 0,
    due_at: now,
    announce_at: now + ANNOUNCE_EVERY,
    lease_token: null,
    lease_until: null,
    code: null,
    reason: null,
    created_at: now,
    updated_at: now,
  }));
}

const insertJob = preparedInsert<FilesTables, 'processing_jobs'>('processing_jobs');

export async function insertJobs(tx: Kysely<FilesTables>, jobs: readonly JobRow[]): Promise<void> {
  await Promise.all(jobs.map((job) => insertJob(tx, job)));
}

export const jobsOfFile = (db: Kysely<FilesTables>, fileId: string): Promise<JobRow[]> =>
  db.selectFrom('processing_jobs').selectAll().where('file_id', '=', fileId).orderBy('id').execute();
