import type { Kysely, SelectQueryBuilder } from 'kysely';
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

/** Values that a statement takes, on every database. */
const AT_A_TIME = 500;
