import type { Kysely } from 'kysely';
import type { Dialect } from '../../drivers/database/port.ts';
import type { NotifierTables } from './tables.ts';

/** How far the log was read; 0 for one that was not begun. */
export async function readCursor(db: Kysely<NotifierTables>, name: string): Promise<number> {
  const row = await db.selectFrom('cursors').select('position').where('name', '=', name).executeTakeFirst();
  return row?.position ?? 0;
}

/**
 * Moves the cursor on, in the unit of work that writes down what there was between. False, and then nothing is to be
 * written, where another has moved it meanwhile.
 */
export async function moveCursor(
  tx: Kysely<NotifierTables>,
  dialect: Dialect,
  { name, from, to }: { readonly name: string; readonly from: number; readonly to: number },
): Promise<boolean> {
  await dialect.insertIfAbsent(tx, 'cursors', [{ name, position: 0 }], ['name']);
  const { numUpdatedRows } = await tx
    .updateTable('cursors')
    .set({ position: to })
    .where('name', '=', name)
    .where('position', '=', from)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
