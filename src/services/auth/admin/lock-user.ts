import type { Kysely } from 'kysely';
import { HoldfastError } from '../../../base/errors.ts';
import type { AuthTables, UsersTable } from '../tables.ts';
import { noSuchAccount } from '../users/get.ts';

/** The account's row, locked. Throws `not_found`. */
export async function lockUser(tx: Kysely<AuthTables>, id: string): Promise<UsersTable> {
  const row = await tx.selectFrom('users').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
  if (!row || row.deleted_at !== null) throw noSuchAccount();
  return row;
}

/**
 * The same for an account that may stop being an admin. Throws `conflict` where it is the last one who can sign in: all
 * admins are locked, so that two cannot take each other's role away at once.
 */
export async function lockUserUnlessLastAdmin(tx: Kysely<AuthTables>, id: string): Promise<UsersTable> {
  const admins = await tx
    .selectFrom('users')
    .select('id')
    .where('role', '=', 'admin')
    .where('disabled_at', 'is', null)
    .where('deleted_at', 'is', null)
    .orderBy('id')
    .forUpdate()
    .execute();
  if (admins.length === 1 && admins[0]?.id === id) {
    throw new HoldfastError('conflict', 'This is the last admin. Make another account an admin first.');
  }
  return lockUser(tx, id);
}
