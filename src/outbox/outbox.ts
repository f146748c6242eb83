import type { Kysely, Selectable } from 'kysely';
import { HoldfastError } from '../base/errors.ts';
import type { Database } from '../drivers/database/port.ts';
import type { Alike } from './alike.ts';

/** An event of a service's log, which is written in the transaction that it tells of. A service adds what it is about. */
export interface OutboxRow {
  id: string;
  /** Null until the relay has numbered it. */
  position: number | null;
  type: string;
  /** Of the schema of `data`. */
  version: number;
  /** JSON; holds no secret. */
  data: string;
  /** Milliseconds since 1970, UTC. */
  created_at: number;
}

/** A service's table of events. */
export type OutboxTable<Tables> = Alike<Tables, OutboxRow>;

/** Kysely cannot follow a table whose name is a parameter: here each is called `outbox`. */
export interface Outbox {
  outbox: OutboxRow;
}

const MAX_EVENTS = 1_000;

/** The events that come after a position, first to last: at most `limit`, which is from 1 to 1,000. */
export async function readOutbox<Tables, Table extends OutboxTable<Tables>>(
  db: Database<Tables>,
  table: Table,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<(Selectable<Tables[Table]> & { readonly position: number })[]> {
  if (limit < 1 || limit > MAX_EVENTS) {
    throw new HoldfastError('invalid_request', `The limit must be from 1 to ${MAX_EVENTS}.`);
  }
  const rows = await asOutbox(db.reader)
    .selectFrom(table as 'outbox')
    .selectAll()
    .where('position', '>', after)
    .orderBy('position')
    .limit(limit)
    .execute();
  return rows as unknown as (Selectable<Tables[Table]> & { position: number })[];
}

/** The number of the last event that has one; 0 where there is none. */
export async function lastPosition<Tables>(db: Kysely<Tables>, table: OutboxTable<Tables>): Promise<number> {
  const row = await asOutbox(db)
    .selectFrom(table as 'outbox')
    .select('position')
    .where('position', 'is not', null)
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.position ?? 0;
}

export const asOutbox = (db: unknown) => db as Kysely<Outbox>;
