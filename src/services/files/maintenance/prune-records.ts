import { requireService } from '../access.ts';
import type { MaintenanceVerb } from '../deps.ts';

/** Events are kept so long: a consumer that was away for less misses nothing. Milliseconds. */
const EVENT_RETENTION = 7 * 24 * 3600_000;
const BATCH = 1000;

export const pruneRecords: MaintenanceVerb<'pruneRecords'> =
  ({ db }) =>
  async ({ dryRun }, context) => {
    requireService(context);
    const now = await db.now();
    const oldKeys = db.reader.selectFrom('idempotency_keys').where('expires_at', '<=', now);
    // Ids are made of the time, so the primary key finds the oldest events.
    const oldEvents = db.reader
      .selectFrom('files_outbox')
      .where('created_at', '<=', now - EVENT_RETENTION)
      // The newest stays: the next one is numbered after it.
      .where('position', '<', ({ selectFrom }) =>
        selectFrom('files_outbox').select(({ fn }) => fn.max('position').as('newest')),
      );
    if (dryRun) {
      const keys = await oldKeys.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
      const events = await oldEvents.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
      return { idempotencyKeys: keys.count, events: events.count };
    }
    let idempotencyKeys = 0;
    for (;;) {
      const ids = (await oldKeys.select('id').limit(BATCH).execute()).map((row) => row.id);
      if (ids.length === 0) break;
      context.signal.throwIfAborted();
      await db.unit(async (tx) => {
        await tx.deleteFrom('idempotency_files').where('idempotency_id', 'in', ids).execute();
        await tx.deleteFrom('idempotency_keys').where('id', 'in', ids).execute();
      });
      idempotencyKeys += ids.length;
    }
    let events = 0;
    for (;;) {
      const ids = (await oldEvents.select('id').orderBy('id').limit(BATCH).execute()).map((row) => row.id);
      if (ids.length === 0) break;
      context.signal.throwIfAborted();
      await db.unit((tx) => tx.deleteFrom('files_outbox').where('id', 'in', ids).execute());
      events += ids.length;
    }
    return { idempotencyKeys, events };
  };
