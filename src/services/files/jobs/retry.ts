import { HoldfastError } from '../../../base/errors.ts';
import { checkId, notFound, ownerOf } from '../access.ts';
import type { FilesDeps, FileVerb } from '../deps.ts';
import { lockFile } from '../file-rows.ts';
import { ANNOUNCE_EVERY, type JobRow, toJob } from '../job-rows.ts';
import { announceWork } from './announce.ts';

export const retryJob: FileVerb<'retryJob'> = (deps) => async (request, context) => {
  const owner = ownerOf(context, request.ownerId);
  checkId(request.jobId, 'job');
  return { job: toJob(await runAgain(deps, request.jobId, owner)) };
};

/** Queues a job that has failed, died or was cancelled, of this owner or, where none is named, of anybody. */
export async function runAgain(
  deps: Pick<FilesDeps, 'db' | 'broker' | 'log'>,
  jobId: string,
  owner?: string,
): Promise<JobRow> {
  const { db } = deps;
  const now = await db.now();
  const job = await db.unit(async (tx) => {
    const known = await tx
      .selectFrom('processing_jobs')
      .select(['file_id', 'owner_id'])
      .where('id', '=', jobId)
      .executeTakeFirst();
    if (!known || (owner !== undefined && known.owner_id !== owner)) throw notFound('job');
    const file = await lockFile(tx, known.file_id, owner);
    if (file.deleted_at !== null) throw new HoldfastError('conflict', 'The file is in the trash. Restore it first.');
    const row = await tx.selectFrom('processing_jobs').selectAll().where('id', '=', jobId).executeTakeFirstOrThrow();
    if (row.state !== 'dead' && row.state !== 'failed' && row.state !== 'cancelled') {
      throw new HoldfastError(
        'conflict',
        `The job is ${row.state}; only one that failed, died or was cancelled runs again.`,
      );
    }
    const changes = {
      state: 'queued' as const,
      attempt: 0,
      losses: 0,
      due_at: now,
      announce_at: now + ANNOUNCE_EVERY,
      code: null,
      reason: null,
      updated_at: now,
    };
    await tx.updateTable('processing_jobs').set(changes).where('id', '=', row.id).execute();
    if (row.state === 'dead' && row.counted === 1) {
      await tx
        .updateTable('files')
        .set({ jobs_failed: file.jobs_failed - 1, updated_at: now })
        .where('id', '=', file.id)
        .execute();
    }
    return { ...row, ...changes };
  });
  announceWork(deps, job.file_id);
  return job;
}
