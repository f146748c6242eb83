import type { Insertable, Kysely } from 'kysely';
import { newId } from '../../../base/ids.ts';
import type { Dialect } from '../../../drivers/database/port.ts';
import type { Alike } from '../../../outbox/alike.ts';
import type { NotifierTables } from '../tables.ts';
import type { DeliveryRow } from './row.ts';

/** A table of deliveries: of mails, and of whatever else is delivered one day. */
export type DeliveryTable = Alike<NotifierTables, DeliveryRow>;

/** Kysely cannot follow a table whose name is a parameter: here each is called `deliveries`. */
export const asDeliveries = (db: unknown) => db as Kysely<{ deliveries: DeliveryRow }>;

/** What a delivery begins with. */
export const newDelivery = (dueAt: number, now: number): Omit<DeliveryRow, 'cause'> => ({
  id: newId(),
  state: 'queued',
  attempt: 0,
  due_at: dueAt,
  lease_token: null,
  reason: null,
  created_at: now,
  updated_at: now,
});

/** Writes deliveries, in the unit of work that moves the cursor past their causes. Those that are there stay as they are. */
export const enqueue = <Table extends DeliveryTable>(
  tx: Kysely<NotifierTables>,
  dialect: Dialect,
  table: Table,
  rows: readonly Insertable<NotifierTables[Table]>[],
): Promise<void> => dialect.insertIfAbsent(tx, table, rows, ['cause']);
