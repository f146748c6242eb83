import type { Kysely } from 'kysely';
import { appendEvents } from '../events/append.ts';
import { lockedFileRow } from '../file-rows.ts';
import type { FilesTables } from '../tables.ts';
import { countEnded, endedEvents } from './end.ts';

/** A lease is lost when a processor dies or is cut off: often not the job's fault, so it is not counted as a failure. */
const MOST_LOSSES = 20;
/** From this many on, the job itself is suspected of taking its processor along: it gets a child of its own. */
const SUSPICIOUS_LOSSES = 2;

/**
 * Puts the jobs of a file whose lease has run out back into the queue, or gives them up after too many losses.
 */
export async function recoverLostJobs(tx: Kysely<FilesTables>, fileId: string, now: number): Promise<void> {
  const file = await lockedFileRow(tx, fileId);
  // Purged meanwhile.
  if (!file || file.purge_reason !== null) return;
  const lost = await tx
    .selectFrom('processing_jobs')
    .selectAll()
    .where('file_id', '=', file.id)
    .where('state', '=', 'running')
    .where('lease_until', '<', now)
    // So that none of them is extended meanwhile.
    .forUpdate()
    .execute();
  if (lost.length === 0) return;
  const dead = lost.filter((job) => job.losses + 1 > MOST_LOSSES);
  for (const job of lost) {
    const givenUp = dead.includes(job);
    await tx
      .updateTable('processing_jobs')
      .set({
        state: givenUp ? 'dead' : 'queued',
        attempt: job.attempt - 1,
        losses: job.losses + 1,
        due_at: now,
        announce_at: now,
        lease_token: null,
        lease_until: null,
        updated_at: now,
        ...(givenUp && { code: 'processor_crashed', reason: `Its processor went away ${MOST_LOSSES} times.` }),
      })
      .where('id', '=', job.id)
      .execute();
  }
  const counted = countEnded(file, { succeeded: [], dead });
  const sequence = await appendEvents(tx, file, endedEvents(file, counted, { succeeded: [], dead }), now);
  const apart = file.apart === 1 || lost.some((job) => job.losses + 1 >= SUSPICIOUS_LOSSES) ? 1 : 0;
  await tx
    .updateTable('files')
    .set({ ...counted, sequence, apart })
    .where('id', '=', file.id)
    .execute();
}
