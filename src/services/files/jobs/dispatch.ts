import type { Kysely } from 'kysely';
import { type Loop, startLoop } from '../../../base/lifecycle.ts';
import { logFailure } from '../../../base/log-failure.ts';
import { TOPICS } from '../../../base/topics.ts';
import type { FilesDeps } from '../deps.ts';
import { ANNOUNCE_EVERY } from '../job-rows.ts';
import type { FilesTables } from '../tables.ts';
import { dueJobs, lostFiles } from './due.ts';
import { recoverLostJobs } from './recover.ts';

/** Milliseconds. */
const EVERY = 1_000;
const BATCH = 200;

/**
 * Sends the news of due jobs: those whose time has come, whose news was lost, or whose processor was. Each file is
 * stamped first, so that it is not announced again at once, by this instance or another.
 */
export function startDispatch(deps: Pick<FilesDeps, 'db' | 'broker' | 'onEvent' | 'log'>): Loop {
  return startLoop({
    every: EVERY,
    round: async () => {
      await dispatchDueJobs(deps);
    },
    onError: (error) => logFailure(deps.log, error, 'Due jobs could not be announced; trying again'),
  });
}

/** One round. Answers how many files were announced, some hundred at most: what is left is there at the next. */
export async function dispatchDueJobs({
  db,
  broker,
  onEvent,
}: Pick<FilesDeps, 'db' | 'broker' | 'onEvent'>): Promise<number> {
  const now = await db.now();
  for (const fileId of await lostFiles(db.reader, now, BATCH)) {
    await db.unit((tx) => recoverLostJobs(tx, fileId, now));
    onEvent();
  }
  const fileIds = await db.unit((tx) => stampDueJobs(tx, now));
  for (const fileId of fileIds) await broker.publish(TOPICS.work, { fileId });
  return fileIds.length;
}

/**
 * Takes jobs whose news is due, so that nobody else sends it: those that another instance is just taking are left to it.
 * Answers their files.
 */
async function stampDueJobs(tx: Kysely<FilesTables>, now: number): Promise<string[]> {
  const jobs: { readonly id: string; readonly file_id: string }[] = [];
  for (const query of dueJobs(tx, now, BATCH)) jobs.push(...(await query.forUpdate().skipLocked().execute()));
  if (jobs.length === 0) return [];
  await tx
    .updateTable('processing_jobs')
    .set({ announce_at: now + ANNOUNCE_EVERY })
    .where(
      'id',
      'in',
      jobs.map((job) => job.id),
    )
    .execute();
  return [...new Set(jobs.map((job) => job.file_id))];
}
