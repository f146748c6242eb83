import type { Kysely, SelectQueryBuilder } from 'kysely';
import { toWord } from '../../../base/enum-words.ts';
import { hasCode } from '../../../base/errors.ts';
import { JobState } from '../../../contract/holdfast/v1/file.ts';
import type { JobFilter } from '../../../contract/holdfast/v1/file_admin.ts';
import { checkId, requireAdmin } from '../access.ts';
import type { AdminVerb } from '../deps.ts';
import { checkText, invalidField } from '../invalid.ts';
import { toJob } from '../job-rows.ts';
import { runAgain } from '../jobs/retry.ts';
import { readPage } from '../pages.ts';
import type { FilesTables } from '../tables.ts';

/** When its news was last sent: the index of due jobs has it behind the state, so that no index is for admins alone. */
const SORTABLE = { tried_at: { column: 'announce_at', holds: 'number' } } as const;

/** Jobs that one call has run again at most. */
const MOST = 1000;

/** Characters of an owner, which is the longest of what is filtered by. */
const LONGEST = 255;

const NO_FILTER: JobFilter = { ownerId: '', fileId: '', type: '', code: '' };

export const listAllJobs: AdminVerb<'listAllJobs'> =
  ({ db }) =>
  async (request, context) => {
    requireAdmin(context);
    const { filter = NO_FILTER } = request;
    checkFilter(filter);
    const state = toWord(JobState, request.state === JobState.UNSPECIFIED ? JobState.DEAD : request.state);
    const page = readPage(request.page, SORTABLE, [state, filter]);
    const { direction } = page.sort;
    let query = filtered(jobsIn(db.laggingReader, state), filter).selectAll();
    if (page.after) query = query.where(page.beyond(db.dialect));
    const rows = await query
      .orderBy('announce_at', direction)
      .orderBy('id', direction)
      .limit(page.limit + 1)
      .execute();
    const shown = rows.slice(0, page.limit);
    const last = rows.length > page.limit ? shown.at(-1) : undefined;
    return {
      jobs: shown.map((row) => ({ ownerId: row.owner_id, job: toJob(row) })),
      nextCursor: last ? page.cursorAfter({ value: last.announce_at, id: last.id }) : '',
    };
  };

export const retryJobs: AdminVerb<'retryJobs'> =
  (deps) =>
  async ({ jobId, filter = NO_FILTER, limit }, context) => {
    requireAdmin(context);
    checkFilter(filter);
    if (jobId !== '') {
      checkId(jobId, 'job');
      await runAgain(deps, jobId);
      return { retried: 1, more: false };
    }
    if (limit < 0 || limit > MOST) throw invalidField('limit', `The limit must be from 1 to ${MOST}.`);
    const most = limit || MOST;
    const dead = await filtered(jobsIn(deps.db.reader, 'dead'), filter)
      .select('id')
      .where(({ exists, selectFrom }) =>
        exists(
          selectFrom('files')
            .select('files.id')
            .whereRef('files.id', '=', 'processing_jobs.file_id')
            .where('files.deleted_at', 'is', null),
        ),
      )
      .orderBy('announce_at', 'desc')
      .orderBy('id', 'desc')
      .limit(most)
      .execute();
    let retried = 0;
    for (const { id } of dead) {
      context.signal.throwIfAborted();
      // One that is not dead any more, or whose file went to the trash, is left.
      const isRetried = await runAgain(deps, id).catch((error) => {
        if (hasCode(error, 'not_found', 'conflict')) return undefined;
        throw error;
      });
      if (isRetried) retried += 1;
    }
    return { retried, more: dead.length === most };
  };

function checkFilter(filter: JobFilter): void {
  for (const [name, text] of Object.entries(filter)) checkText(`filter.${name}`, text, LONGEST);
}

type Jobs<O> = SelectQueryBuilder<FilesTables, 'processing_jobs', O>;

const jobsIn = (db: Kysely<FilesTables>, state: FilesTables['processing_jobs']['state']) =>
  db.selectFrom('processing_jobs').where('state', '=', state);

function filtered<O>(query: Jobs<O>, { ownerId, fileId, type, code }: JobFilter): Jobs<O> {
  let some = query;
  if (ownerId !== '') some = some.where('owner_id', '=', ownerId);
  if (fileId !== '') some = some.where('file_id', '=', fileId);
  if (type !== '') some = some.where('type', '=', type);
  if (code !== '') some = some.where('code', '=', code);
  return some;
}
