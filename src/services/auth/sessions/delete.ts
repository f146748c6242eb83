import type { Kysely, SelectQueryBuilder } from 'kysely';
import { hashOf, isToken } from '../secret-tokens.ts';
import type { AuthTables } from '../tables.ts';

type Which = SelectQueryBuilder<AuthTables, 'sessions', { id: string; user_id: string }>;

/** Removes sessions with all their refresh tokens, in a unit of work. Answers how many there were. */
export async function deleteSessions(tx: Kysely<AuthTables>, which: (query: Which) => Which): Promise<number> {
  const rows = await which(tx.selectFrom('sessions').select(['id', 'user_id']))
    .forUpdate()
    .execute();
  const ids = rows.map(({ id }) => id);
  for (let next = 0; next < ids.length; next += AT_A_TIME) {
    const some = ids.slice(next, next + AT_A_TIME);
    await tx.deleteFrom('refresh_tokens').where('session_id', 'in', some).execute();
    await tx.deleteFrom('sessions').where('id', 'in', some).execute();
  }
  return ids.length;
}

/** Ends the web session that a new one takes the place of, by its token: none for undefined, or for what is no token. */
export async function deleteReplaced(tx: Kysely<AuthTables>, token: string | undefined): Promise<void> {
  if (token === undefined || !isToken('session', token)) return;
  await deleteSessions(tx, (query) => query.where('token_hash', '=', hashOf(token)));
}

/** Values that a statement takes, on every database. */
const AT_A_TIME = 500;
