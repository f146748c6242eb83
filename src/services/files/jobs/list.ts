import { toWord } from '../../../base/enum-words.ts';
import { JobState } from '../../../contract/holdfast/v1/file.ts';
import { checkId, notFound, ownerOf } from '../access.ts';
import type { FileVerb } from '../deps.ts';
import { findFile } from '../file-rows.ts';
import { toJob } from '../job-rows.ts';
import { readPage } from '../pages.ts';

export const listJobs: FileVerb<'listJobs'> =
  ({ db }) =>
  async (request, context) => {
    const ownerId = ownerOf(context, request.ownerId);
    const page = readPage(request.page, { created_at: { column: 'created_at', holds: 'number' } } as const, [
      request.fileId,
      request.state,
    ]);
    if (request.fileId !== '') await findFile(db.reader, ownerId, request.fileId);
    let query = db.reader.selectFrom('processing_jobs').selectAll().where('owner_id', '=', ownerId);
    if (request.fileId !== '') query = query.where('file_id', '=', request.fileId);
    if (request.state !== JobState.UNSPECIFIED) query = query.where('state', '=', toWord(JobState, request.state));
    const { sort } = page;
    if (page.after) query = query.where(page.beyond(db.dialect, request.fileId === '' ? 'jobs_by_owner' : undefined));
    const rows = await query
      .orderBy('created_at', sort.direction)
      .orderBy('id', sort.direction)
      .limit(page.limit + 1)
      .execute();
    const shown = rows.slice(0, page.limit);
    const last = rows.length > page.limit ? shown.at(-1) : undefined;
    return {
      jobs: shown.map(toJob),
      nextCursor: last ? page.cursorAfter({ value: last.created_at, id: last.id }) : '',
    };
  };

export const getJob: FileVerb<'getJob'> =
  ({ db }) =>
  async ({ ownerId, jobId }, context) => {
    const owner = ownerOf(context, ownerId);
    checkId(jobId, 'job');
    const row = await db.reader.selectFrom('processing_jobs').selectAll().where('id', '=', jobId).executeTakeFirst();
    if (row?.owner_id !== owner) throw notFound('job');
    // Gone with its file.
    await findFile(db.reader, owner, row.file_id).catch(() => {
      throw notFound('job');
    });
    return { job: toJob(row) };
  };
