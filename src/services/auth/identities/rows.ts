import type { Kysely } from 'kysely';
import { newId } from '../../../base/ids.ts';
import type { Dialect } from '../../../drivers/database/port.ts';
import type { AuthTables, IdentitiesTable } from '../tables.ts';

/** Who somebody is to another party, which calls nobody else so. */
export type Identity = Pick<IdentitiesTable, 'issuer' | 'subject' | 'email'>;

export const newIdentity = (
  { issuer, subject, email }: Identity,
  { userId, now }: { readonly userId: string; readonly now: number },
): IdentitiesTable => ({ id: newId(), user_id: userId, issuer, subject, email, created_at: now });

/** The row of an identity, locked; undefined where nobody has it. */
export const lockIdentity = (
  tx: Kysely<AuthTables>,
  { issuer, subject }: Pick<Identity, 'issuer' | 'subject'>,
): Promise<IdentitiesTable | undefined> =>
  tx
    .selectFrom('identities')
    .selectAll()
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .forUpdate()
    .executeTakeFirst();

/** Writes the identity unless it is there, and answers the row that stands. Of several at once, all answer the same. */
export async function claimIdentity(
  tx: Kysely<AuthTables>,
  dialect: Dialect,
  row: IdentitiesTable,
): Promise<IdentitiesTable> {
  await dialect.insertIfAbsent(tx, 'identities', [row], ['issuer', 'subject']);
  const standing = await lockIdentity(tx, row);
  if (standing) return standing;
  throw new Error('An identity went while it was claimed.');
}
