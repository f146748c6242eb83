import type { Database } from '../../drivers/database/port.ts';
import type { NotifierTables } from './tables.ts';

/**
 * Ends every lease. For an instance that knows that it is alone, at its start: whoever held them is dead, and nobody has to
 * wait until they run out.
 */
export async function breakLeases(db: Database<NotifierTables>): Promise<void> {
  await db.unit(async (tx) => {
    await tx.deleteFrom('notifier_leases').execute();
    await tx
      .updateTable('mail_deliveries')
      .set({ due_at: 0, lease_token: null })
      .where('state', '=', 'queued')
      .where('lease_token', 'is not', null)
      .execute();
  });
}
