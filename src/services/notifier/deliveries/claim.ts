import { newId } from '../../../base/ids.ts';
import type { Database } from '../../../drivers/database/port.ts';
import type { NotifierTables } from '../tables.ts';
import { asDeliveries, type DeliveryTable } from './enqueue.ts';

interface Claim {
  readonly limit: number;
  /** Milliseconds after which another may take them, because whoever had them must have died. */
  readonly lease: number;
}

/** A delivery that is ours until its lease runs out. */
export type Claimed<Table extends DeliveryTable> = NotifierTables[Table] & { readonly lease_token: string };

/** Takes deliveries that are due, the longest due first, away from all other instances; each counts as begun. */
export async function claimDue<Table extends DeliveryTable>(
  db: Database<NotifierTables>,
  name: Table,
  { limit, lease }: Claim,
): Promise<Claimed<Table>[]> {
  const table = name as string as 'deliveries';
  const now = await db.now();
  // A look without a lock: most of the time there is nothing.
  const due = await asDeliveries(db.reader)
    .selectFrom(table)
    .select('id')
    .where('state', '=', 'queued')
    .where('due_at', '<=', now)
    .limit(1)
    .executeTakeFirst();
  if (!due) return [];
  const lease_token = newId();
  const claimed = await db.unit(async (tx) => {
    const rows = await asDeliveries(tx)
      .selectFrom(table)
      .selectAll()
      .where('state', '=', 'queued')
      .where('due_at', '<=', now)
      .orderBy('due_at')
      .limit(limit)
      .forUpdate()
      .skipLocked()
      .execute();
    if (rows.length === 0) return [];
    await asDeliveries(tx)
      .updateTable(table)
      .set(({ eb }) => ({ lease_token, due_at: now + lease, attempt: eb('attempt', '+', 1), updated_at: now }))
      .where(
        'id',
        'in',
        rows.map(({ id }) => id),
      )
      .execute();
    return rows.map((row) => ({ ...row, lease_token, attempt: row.attempt + 1 }));
  });
  return claimed as unknown as Claimed<Table>[];
}
