import type { Kysely } from 'kysely';
import { HoldfastError } from '../../../base/errors.ts';
import { hashOf, isToken } from '../secret-tokens.ts';
import type { AuthTables, InvitationsTable } from '../tables.ts';

/** By which an invitation is found; undefined for a text that is none. */
export const invitationHash = (token: string | undefined): string | undefined =>
  token !== undefined && isToken('invitation', token) ? hashOf(token) : undefined;

/** The invitation, where it is good for this e-mail. Throws `forbidden`, in the same words for every reason. */
export async function findInvitation(
  db: Kysely<AuthTables>,
  hash: string | undefined,
  email: string,
  now = Date.now(),
): Promise<InvitationsTable> {
  const row =
    hash === undefined
      ? undefined
      : await db.selectFrom('invitations').selectAll().where('token_hash', '=', hash).executeTakeFirst();
  const good = row && row.used_at === null && row.expires_at > now && (row.email === null || row.email === email);
  if (good) return row;
  throw new HoldfastError(
    'forbidden',
    'Sign-up here is by invitation, and this one is missing, used, expired or for another e-mail. Ask for one.',
  );
}

/** Uses it up, in the unit of work that makes the account. Of several at once, one gets through. */
export async function useInvitation(
  tx: Kysely<AuthTables>,
  hash: string | undefined,
  email: string,
  now: number,
): Promise<void> {
  const { id } = await findInvitation(tx, hash, email, now);
  const { numUpdatedRows } = await tx
    .updateTable('invitations')
    .set({ used_at: now })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) await findInvitation(tx, undefined, email);
}
