import type { Kysely } from 'kysely';
import { requireService } from '../access.ts';
import type { WorkVerb } from '../deps.ts';
import type { FilesTables } from '../tables.ts';

const MAX_FILES = 100;

/**
 * Files with jobs whose news is due, each once: a short walk at the head of an index, whatever the length of the queue.
 */
export async function dueFiles(db: Kysely<FilesTables>, now: number, limit: number): Promise<string[]> {
  const ids = new Set<string>();
  for (const state of ['queued', 'failed'] as const) {
    const rows = await db
      .selectFrom('processing_jobs')
      .select('file_id')
      .where('state', '=', state)
      .where('announce_at', '<=', now)
      .orderBy('announce_at')
      .limit(limit)
      .execute();
    for (const row of rows) ids.add(row.file_id);
  }
  return [...ids].slice(0, limit);
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
