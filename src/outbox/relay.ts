import type { Selectable } from 'kysely';
import { type Loop, startLoop } from '../base/lifecycle.ts';
import { logFailure } from '../base/log-failure.ts';
import type { Logger } from '../base/logger.ts';
import type { Broker } from '../drivers/broker/port.ts';
import type { Database } from '../drivers/database/port.ts';
import { holdLease, type LeaseTable, lockLease } from './leases.ts';
import { asOutbox, lastPosition, type OutboxTable } from './outbox.ts';

interface RelayDeps<Tables, Table extends OutboxTable<Tables>> {
  readonly db: Database<Tables>;
  readonly broker: Broker;
  readonly log: Logger;
  readonly outbox: Table;
  readonly leases: LeaseTable<Tables>;
  /** Where the news of an event goes. */
  readonly topic: string;
  /** What the news tells beside the event's position and type. */
  readonly newsOf: (event: Selectable<Tables[Table]>) => Readonly<Record<string, string | number>>;
}

const LEASE_NAME = 'relay';
const BATCH = 500;
/** Milliseconds. */
const LEASE = 15_000;
const EVERY = 1_000;
/** Events of this time are numbered together: soon enough for a person, seldom enough under load. */
const GATHER = 20;
/** Events whose news is on its way to the broker at a time: one by one, each would cost the way there and back. */
const AT_A_TIME = 50;

/**
 * Numbers events once they are committed, in the order in which the relay sees them, and rings the broker. One
 * instance does so at a time; that the numbers are given after the commit is why a reader who remembers the last one
 * it saw never misses an event of a transaction that committed late.
 */
export function relayOutbox<Tables, Table extends OutboxTable<Tables>>(deps: RelayDeps<Tables, Table>): Loop {
  const { db, log, outbox, leases } = deps;
  const lease = holdLease(deps, leases, LEASE_NAME, LEASE);
  const loop = startLoop({
    every: EVERY,
    gather: GATHER,
    async round(signal) {
      if (!(await hasUnnumbered(db, outbox))) return;
      while (!signal.aborted && (await lease.isHeld()) && (await relayBatch(deps, lease.token)) === BATCH);
    },
    onError: (error) => logFailure(log, error, 'Events could not be relayed; trying again'),
  });
  return {
    wake: loop.wake,
    async stop() {
      await loop.stop();
      await lease.giveBack();
    },
  };
}

async function hasUnnumbered<Tables>(db: Database<Tables>, table: OutboxTable<Tables>): Promise<boolean> {
  const row = await asOutbox(db.reader)
    .selectFrom(table as 'outbox')
    .select('id')
    .where('position', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

async function relayBatch<Tables, Table extends OutboxTable<Tables>>(
  { db, broker, outbox, leases, topic, newsOf }: RelayDeps<Tables, Table>,
  token: string,
): Promise<number> {
  const events = await db.unit(async (tx) => {
    const own = asOutbox(tx);
    const table = outbox as 'outbox';
    // Locked, so that nobody takes over while this goes on. Where another did while this instance slept, the next
    // round asks for the lease again.
    const [lease, last, rows] = await Promise.all([
      lockLease(tx, db.dialect, leases, LEASE_NAME),
      lastPosition(tx, outbox),
      own.selectFrom(table).selectAll().where('position', 'is', null).orderBy('id').limit(BATCH).execute(),
    ]);
    if (lease.token !== token) return [];
    const numbered = rows.map((row, index) => ({ ...row, position: last + index + 1 }));
    const positions = numbered.map(({ id, position }) => ({ key: id, number: position }));
    await db.dialect.writeNumbers(own, table, { key: 'id', number: 'position' }, positions);
    return numbered;
  });
  for (let next = 0; next < events.length; next += AT_A_TIME) {
    await Promise.all(
      events.slice(next, next + AT_A_TIME).map((event) =>
        broker.publish(topic, {
          position: event.position,
          type: event.type,
          ...newsOf(event as unknown as Selectable<Tables[Table]>),
        }),
      ),
    );
  }
  return events.length;
}
