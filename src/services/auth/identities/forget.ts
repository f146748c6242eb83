import type { Kysely } from 'kysely';
import type { AuthTables } from '../tables.ts';

/**
 * Forgets who a user was to others, in the unit of work that deletes the account: with a provider, the same person may
 * come again and be new. Not so where an issuer goes on vouching for the account unasked: that it is deleted has to be
 * known for as long as tokens may come.
 */
export async function forgetIdentities(
  tx: Kysely<AuthTables>,
  userId: string,
  issuers: readonly string[],
): Promise<void> {
  const theirs = tx.deleteFrom('identities').where('user_id', '=', userId);
  await (issuers.length === 0 ? theirs : theirs.where('issuer', 'not in', issuers)).execute();
  await tx.updateTable('identities').set({ email: null }).where('user_id', '=', userId).execute();
}
