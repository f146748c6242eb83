import { HoldfastError } from '../../../base/errors.ts';
import { ownerOf } from '../access.ts';
import type { FileVerb } from '../deps.ts';
import { lockFile } from '../file-rows.ts';
import { insertJobs, type JobRow, newJobs, toJob } from '../job-rows.ts';
import { announceWork } from './announce.ts';

/** One file takes so many jobs that were asked for; each variant type counts once. */
const MOST_REQUESTS = 100;

export const requestVariant: FileVerb<'requestVariant'> = (deps) => async (request, context) => {
  const { fileId, processor, options } = request;
  const ownerId = ownerOf(context, request.ownerId);
  const { db, catalog } = deps;
  const now = await db.now();
  const { job, fresh } = await db.unit(async (tx) => {
    const file = await lockFile(tx, fileId, ownerId);
    if (file.status !== 'uploaded') {
      throw new HoldfastError('upload_not_complete', 'The upload of this file has not ended yet.');
    }
    if (file.deleted_at !== null) throw new HoldfastError('conflict', 'The file is in the trash. Restore it first.');
    const planned = catalog.plan(processor, options ?? {}, file.content_type);
    const jobs = await tx
      .selectFrom('processing_jobs')
      .selectAll()
      .where('file_id', '=', fileId)
      .orderBy('id')
      .execute();
    // Asked for before, and under way or done: the same job is the answer.
    const same = jobs.findLast(({ type, state }) => type === planned.type && state !== 'dead' && state !== 'cancelled');
    if (same) return { job: same, fresh: false };
    if (jobs.filter(({ counted }) => counted === 0).length >= MOST_REQUESTS) {
      throw new HoldfastError('conflict', `At most ${MOST_REQUESTS} variants can be asked for of one file.`);
    }
    const requested = newJobs(file, [planned], { counted: false, now });
    await insertJobs(tx, requested);
    return { job: requested[0] as JobRow, fresh: true };
  });
  if (fresh) announceWork(deps, fileId);
  return { job: toJob(job) };
};
