import type { Kysely, Selectable } from 'kysely';
import { newId } from '../../../base/ids.ts';
import { type Loop, startLoop } from '../../../base/lifecycle.ts';
import { TOPICS } from '../../../drivers/broker/port.ts';
import type { FilesDeps } from '../deps.ts';
import { lockLease, takeLease } from '../leases.ts';
import type { FilesTables } from '../tables.ts';

const BATCH = 500;
/** Milliseconds. */
const LEASE = 15_000;
const EVERY = 1_000;
/** Events whose news is on its way to the broker at a time: one by one, each would cost the way there and back. */
const AT_A_TIME = 50;
/** Events of this time are numbered together: soon enough for a person, seldom enough under load. */
const GATHER = 20;

/**
 * Numbers events once they are committed, in the order in which the relay sees them, and rings the broker. One
 * instance does so at a time; that the numbers are given after the commit is why a reader who remembers the last one
 * it saw never misses an event of a transaction that committed late.
 */
export function startRelay(deps: Pick<FilesDeps, 'db' | 'broker' | 'log'>): Loop {
  const token = newId();
  let renewAt = 0;
  return startLoop({
    every: EVERY,
    gather: GATHER,
    round: async () => {
      if (!(await hasUnnumbered(deps))) return;
      const now = await deps.db.now();
      if (now >= renewAt) {
        if (!(await takeLease(deps.db, 'relay', token, LEASE))) return;
        renewAt = now + LEASE / 3;
      }
      for (let relayed = BATCH; relayed === BATCH; ) relayed = await relayBatch(deps, token);
    },
    onError: (error) => deps.log.error({ err: error }, 'Events could not be relayed; trying again'),
  });
}

async function hasUnnumbered({ db }: Pick<FilesDeps, 'db'>): Promise<boolean> {
  const row = await db.reader
    .selectFrom('files_outbox')
    .select('id')
    .where('position', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** The number of the last event that has one; 0 where there is none. */
export async function lastPosition(db: Kysely<FilesTables>): Promise<number> {
  const row = await db
    .selectFrom('files_outbox')
    .select('position')
    .where('position', 'is not', null)
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.position ?? 0;
}

async function relayBatch({ db, broker }: Pick<FilesDeps, 'db' | 'broker'>, token: string): Promise<number> {
  const events = await db.unit(async (tx) => {
    // Locked, so that nobody takes over while this goes on. Where another did while this instance slept, the next
    // round asks for the lease again.
    const [lease, last, rows] = await Promise.all([
      lockLease(tx, db.dialect, 'relay'),
      lastPosition(tx),
      tx.selectFrom('files_outbox').selectAll().where('position', 'is', null).orderBy('id').limit(BATCH).execute(),
    ]);
    if (lease.token !== token) return [];
    const numbered = rows.map((row, index) => ({ ...row, position: last + index + 1 }));
    const positions = numbered.map(({ id, position }) => ({ key: id, number: position }));
    await db.dialect.writeNumbers(tx, 'files_outbox', { key: 'id', number: 'position' }, positions);
    return numbered;
  });
  for (let next = 0; next < events.length; next += AT_A_TIME) {
    await Promise.all(events.slice(next, next + AT_A_TIME).map((event) => ring(broker, event)));
  }
  return events.length;
}

const ring = (
  broker: FilesDeps['broker'],
  event: Selectable<FilesTables['files_outbox']> & { readonly position: number },
): Promise<void> =>
  broker.publish(TOPICS.events, {
    position: event.position,
    type: event.type,
    fileId: event.file_id,
    ownerId: event.owner_id,
    sequence: event.sequence,
  });
