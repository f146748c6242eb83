import type { Kysely } from 'kysely';
import { newId } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { Database, Dialect } from '../drivers/database/port.ts';
import type { Alike } from './alike.ts';

/** A lease has a name, and is held by one instance at a time, by the database's clock. */
export interface LeaseRow {
  name: string;
  /** Of the instance that holds it. */
  token: string;
  lease_until: number;
}

/** A service's table of leases. */
export type LeaseTable<Tables> = Alike<Tables, LeaseRow>;

interface Leases {
  leases: LeaseRow;
}

/** Takes or renews a named lease for `duration` milliseconds; false while another holds it. */
export async function takeLease<Tables>(
  db: Database<Tables>,
  table: LeaseTable<Tables>,
  name: string,
  token: string,
  duration: number,
): Promise<boolean> {
  const now = await db.now();
  return db.unit(async (tx) => {
    const held = await lockLease(tx, db.dialect, table, name);
    if (held.token !== token && held.lease_until > now) return false;
    const lease = { token, lease_until: now + duration };
    await as(tx)
      .updateTable(table as 'leases')
      .set(lease)
      .where('name', '=', name)
      .execute();
    return true;
  });
}

/** The lease's row, locked: until the unit has ended nobody else gets past here. Made where there is none yet. */
export async function lockLease<Tables>(
  tx: Kysely<Tables>,
  dialect: Dialect,
  table: LeaseTable<Tables>,
  name: string,
): Promise<LeaseRow> {
  const query = as(tx)
    .selectFrom(table as 'leases')
    .selectAll()
    .where('name', '=', name)
    .forUpdate();
  const found = await query.executeTakeFirst();
  if (found) return found;
  await dialect.insertIfAbsent(as(tx), table as 'leases', [{ name, token: '', lease_until: 0 }], ['name']);
  return query.executeTakeFirstOrThrow();
}

/** Where it is still held: the next instance need not wait until it has run out. */
async function giveBackLease<Tables>(
  db: Database<Tables>,
  table: LeaseTable<Tables>,
  name: string,
  token: string,
): Promise<void> {
  await db.unit((tx) =>
    as(tx)
      .updateTable(table as 'leases')
      .set({ lease_until: 0 })
      .where('name', '=', name)
      .where('token', '=', token)
      .execute(),
  );
}

/** A lease that one instance keeps, as long as it has something to do with it. */
export interface HeldLease {
  /** Who holds it: to be compared with the row, where it is locked. */
  readonly token: string;
  /** Whether it is held; takes or renews it where it is time to. */
  isHeld(): Promise<boolean>;
  /** To be called when nothing is done with it any more. Does not throw: a lease runs out by itself. */
  giveBack(): Promise<void>;
}

/** Nothing is taken before it is asked for. `duration` in milliseconds; renewed after a third of it. */
export function holdLease<Tables>(
  { db, log }: { readonly db: Database<Tables>; readonly log: Logger },
  table: LeaseTable<Tables>,
  name: string,
  duration: number,
): HeldLease {
  const token = newId();
  let renewAt = 0;
  return {
    token,
    async isHeld() {
      const now = await db.now();
      if (now < renewAt) return true;
      renewAt = 0;
      if (!(await takeLease(db, table, name, token, duration))) return false;
      renewAt = now + duration / 3;
      return true;
    },
    async giveBack() {
      if (renewAt === 0) return;
      await giveBackLease(db, table, name, token).catch((error) =>
        log.debug({ err: error, lease: name }, 'A lease was not given back; it runs out by itself'),
      );
    },
  };
}

/** Kysely cannot follow a table whose name is a parameter: here each is called `leases`. */
const as = (db: unknown) => db as Kysely<Leases>;
