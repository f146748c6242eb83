import type { Kysely } from 'kysely';
import type { AuthTables, UsersTable } from '../tables.ts';

/** Also one that is disabled or deleted. */
export const findUser = (db: Kysely<AuthTables>, id: string): Promise<UsersTable | undefined> =>
  db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
