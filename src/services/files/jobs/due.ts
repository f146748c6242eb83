import type { Kysely } from 'kysely';
import { requireService } from '../access.ts';
import type { WorkVerb } from '../deps.ts';
import type { FilesTables } from '../tables.ts';

const MAX_FILES = 100;

/** Jobs whose news is due, by state: short walks at the head of an index, whatever the length of the queue. */
export const dueJobs = (db: Kysely<FilesTables>, now: number, limit: number) =>
  (['queued', 'failed'] as const).map((state) =>
    db
      .selectFrom('processing_jobs')
      .select(['id', 'file_id'])
      .where('state', '=', state)
      .where('announce_at', '<=', now)
      .orderBy('announce_at')
      .limit(limit),
  );

/** Files with jobs whose news is due, each once. */
async function dueFiles(db: Kysely<FilesTables>, now: number, limit: number): Promise<string[]> {
  const rows = await Promise.all(dueJobs(db, now, limit).map((query) => query.execute()));
  return [...new Set(rows.flat().map((row) => row.file_id))].slice(0, limit);
}

/** Files with jobs whose lease has run out. */
export async function lostFiles(db: Kysely<FilesTables>, now: number, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('processing_jobs')
    .select('file_id')
    .where('state', '=', 'running')
    .where('lease_until', '<', now)
    .orderBy('lease_until')
    .limit(limit)
    .execute();
  return [...new Set(rows.map((row) => row.file_id))];
}

export const listDueFiles: WorkVerb<'listDueFiles'> =
  ({ db }) =>
  async ({ limit }, context) => {
    requireService(context);
    return { fileIds: await dueFiles(db.reader, await db.now(), Math.min(Math.max(limit, 1), MAX_FILES)) };
  };
