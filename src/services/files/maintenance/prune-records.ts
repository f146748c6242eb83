import { lastPosition } from '../../../outbox/outbox.ts';
import { requireService } from '../access.ts';
import type { FilesDeps, MaintenanceVerb } from '../deps.ts';

/** Events are kept so long: a consumer that was away for less misses nothing. Milliseconds. */
const EVENT_RETENTION = 7 * 24 * 3600_000;
const BATCH = 1000;

export const pruneRecords: MaintenanceVerb<'pruneRecords'> =
  ({ db }) =>
  async ({ dryRun }, context) => {
    requireService(context);
    const now = await db.now();
    if (dryRun) return { idempotencyKeys: await countKeys(db, now), events: await countEvents(db, now) };
    const until = async (batch: () => Promise<number>) => {
      let pruned = 0;
      for (let last = 1; last > 0; pruned += last) {
        context.signal.throwIfAborted();
        last = await batch();
      }
      return pruned;
    };
    return {
      idempotencyKeys: await until(() => pruneKeys(db, now)),
      events: await until(() => pruneEvents(db, now)),
    };
  };

type Db = FilesDeps['db'];

const expiredKeys = (db: Db, now: number) => db.reader.selectFrom('idempotency_keys').where('expires_at', '<=', now);

async function countKeys(db: Db, now: number): Promise<number> {
  const keys = expiredKeys(db, now).select(({ fn }) => fn.countAll<number>().as('count'));
  return (await keys.executeTakeFirstOrThrow()).count;
}

async function pruneKeys(db: Db, now: number): Promise<number> {
  const rows = await expiredKeys(db, now).select('id').limit(BATCH).execute();
  const ids = rows.map((row) => row.id);
  if (ids.length === 0) return 0;
  await db.unit(async (tx) => {
    await tx.deleteFrom('idempotency_files').where('idempotency_id', 'in', ids).execute();
    await tx.deleteFrom('idempotency_keys').where('id', 'in', ids).execute();
  });
  return ids.length;
}

async function countEvents(db: Db, now: number): Promise<number> {
  const newest = await lastPosition(db.reader, 'files_outbox');
  const { count } = await db.reader
    .selectFrom('files_outbox')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('created_at', '<=', now - EVENT_RETENTION)
    .where('position', '<', newest)
    .executeTakeFirstOrThrow();
  return count;
}

/** Prunes from the first event on that has a number, as far as they are old. The newest stays: the next is numbered after it. */
async function pruneEvents(db: Db, now: number): Promise<number> {
  const newest = await lastPosition(db.reader, 'files_outbox');
  const rows = await db.reader
    .selectFrom('files_outbox')
    .select(['id', 'created_at'])
    .where('position', '<', newest)
    .orderBy('position')
    .limit(BATCH)
    .execute();
  const ids = rows.filter((row) => row.created_at <= now - EVENT_RETENTION).map((row) => row.id);
  if (ids.length > 0) await db.unit((tx) => tx.deleteFrom('files_outbox').where('id', 'in', ids).execute());
  return ids.length;
}
