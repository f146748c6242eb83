import type { Kysely } from 'kysely';
import { newId } from '../../../base/ids.ts';
import { type Loop, startLoop } from '../../../base/lifecycle.ts';
import type { Logger } from '../../../base/logger.ts';
import { type Broker, TOPICS } from '../../../drivers/broker/port.ts';
import type { Database } from '../../../drivers/database/port.ts';
import { giveBackLease, lockLease, takeLease } from '../leases.ts';
import type { AuthTables } from '../tables.ts';

interface RelayDeps {
  readonly db: Database<AuthTables>;
  readonly broker: Broker;
  readonly log: Logger;
}

const LEASE_NAME = 'relay';
const BATCH = 200;
/** Milliseconds. */
const LEASE = 15_000;
const EVERY = 2_000;
const GATHER = 20;

/**
 * Numbers events once they are committed and rings the broker. One instance does so at a time; that the numbers are given
 * after the commit is why a reader who remembers the last one it saw never misses an event of a transaction that
 * committed late.
 */
export function startRelay({ db, broker, log }: RelayDeps): Loop {
  const token = newId();
  let renewAt = 0;
  const loop = startLoop({
    every: EVERY,
    gather: GATHER,
    round: async () => {
      if (!(await hasUnnumbered(db))) return;
      const now = await db.now();
      if (now >= renewAt) {
        if (!(await takeLease(db, LEASE_NAME, token, LEASE))) return;
        renewAt = now + LEASE / 3;
      }
      for (let relayed = BATCH; relayed === BATCH; ) relayed = await relayBatch(db, broker, token);
    },
    onError: (error) => log.error({ err: error }, 'Events of accounts could not be relayed; trying again'),
  });
  return {
    wake: loop.wake,
    async stop() {
      await loop.stop();
      if (renewAt > 0) await giveBackLease(db, LEASE_NAME, token);
    },
  };
}

async function hasUnnumbered(db: Database<AuthTables>): Promise<boolean> {
  const query = db.reader.selectFrom('auth_outbox').select('id').where('position', 'is', null).limit(1);
  return (await query.executeTakeFirst()) !== undefined;
}

/** The number of the last event that has one; 0 where there is none. */
export async function lastPosition(db: Kysely<AuthTables>): Promise<number> {
  const row = await db
    .selectFrom('auth_outbox')
    .select('position')
    .where('position', 'is not', null)
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.position ?? 0;
}

async function relayBatch(db: Database<AuthTables>, broker: Broker, token: string): Promise<number> {
  const events = await db.unit(async (tx) => {
    // Locked, so that nobody takes over while this goes on.
    const lease = await lockLease(tx, db.dialect, LEASE_NAME);
    if (lease.token !== token) return [];
    const last = await lastPosition(tx);
    const rows = await tx
      .selectFrom('auth_outbox')
      .selectAll()
      .where('position', 'is', null)
      .orderBy('id')
      .limit(BATCH)
      .execute();
    const numbered = rows.map((row, index) => ({ ...row, position: last + index + 1 }));
    for (const { id, position } of numbered) {
      await tx.updateTable('auth_outbox').set({ position }).where('id', '=', id).execute();
    }
    return numbered;
  });
  for (const { position, type, user_id } of events) {
    await broker.publish(TOPICS.accounts, { position, type, userId: user_id });
  }
  return events.length;
}
