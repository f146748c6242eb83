import type { Kysely } from 'kysely';
import type { AuthTables, UsersTable } from '../tables.ts';

/** `email` in its normal form. */
export const findUserByEmail = (db: Kysely<AuthTables>, email: string): Promise<UsersTable | undefined> =>
  db.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst();
