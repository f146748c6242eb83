import { type Loop, startLoop } from '../../../base/lifecycle.ts';
import { TOPICS } from '../../../drivers/broker/port.ts';
import type { FilesDeps } from '../deps.ts';
import { ANNOUNCE_EVERY } from '../job-rows.ts';
import { dueFiles, lostFiles } from './due.ts';
import { recoverLostJobs } from './recover.ts';

/** Milliseconds. */
const EVERY = 1_000;
const BATCH = 200;

/**
 * Sends the news of due jobs: those whose time has come, whose news was lost, or whose processor was. Each file is
 * stamped first, so that it is not announced again at once, by this instance or another.
 */
export function startDispatch({
  db,
  broker,
  onEvent,
  log,
}: Pick<FilesDeps, 'db' | 'broker' | 'onEvent' | 'log'>): Loop {
  return startLoop({
    every: EVERY,
    round: async () => {
      const now = await db.now();
      for (const fileId of await lostFiles(db.reader, now, BATCH)) {
        await db.unit((tx) => recoverLostJobs(tx, fileId, now));
        onEvent();
      }
      const fileIds = await dueFiles(db.reader, now, BATCH);
      if (fileIds.length === 0) return;
      await db.unit((tx) =>
        tx
          .updateTable('processing_jobs')
          .set({ announce_at: now + ANNOUNCE_EVERY })
          .where('file_id', 'in', fileIds)
          .where('state', 'in', ['queued', 'failed'])
          .where('announce_at', '<=', now)
          .execute(),
      );
      for (const fileId of fileIds) await broker.publish(TOPICS.work, { fileId });
    },
    onError: (error) => log.error({ err: error }, 'Due jobs could not be announced; trying again'),
  });
}
