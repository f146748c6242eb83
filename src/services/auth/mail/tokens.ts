import type { Kysely } from 'kysely';
import { HoldfastError } from '../../../base/errors.ts';
import { hashOf, isToken, newToken, type TokenKind } from '../secret-tokens.ts';
import type { AuthTables, MailTokensTable, UsersTable } from '../tables.ts';
import { findUser } from '../users/find.ts';

interface Purpose {
  readonly table: 'email_verifications' | 'password_resets';
  readonly token: TokenKind;
  /** Milliseconds for which a link is good, from when its mail was sent. */
  readonly lifetime: number;
}

const HOUR = 3600_000;

export const VERIFICATION: Purpose = { table: 'email_verifications', token: 'verification', lifetime: 24 * HOUR };
export const RESET: Purpose = { table: 'password_resets', token: 'reset', lifetime: HOUR };

export interface MintedToken {
  readonly token: string;
  readonly row: MailTokensTable;
}

/** A token that is written nowhere yet. */
export function mintToken(
  { token: kind, lifetime }: Purpose,
  { id, email }: Pick<UsersTable, 'id' | 'email'>,
  now: number,
): MintedToken {
  const token = newToken(kind);
  const row = { token_hash: hashOf(token), user_id: id, email, created_at: now, expires_at: now + lifetime };
  return { token, row };
}

/** The account that a token is for. Throws `token_invalid`, in the same words for every reason. */
export async function findByToken(
  db: Kysely<AuthTables>,
  { table, token: kind }: Purpose,
  token: string,
  now: number,
): Promise<UsersTable> {
  if (!isToken(kind, token)) throw tokenInvalid();
  const row = await db.selectFrom(table).selectAll().where('token_hash', '=', hashOf(token)).executeTakeFirst();
  if (!row || row.expires_at <= now) throw tokenInvalid();
  const user = await findUser(db, row.user_id);
  // What was sent to an address proves nothing of the next one.
  if (user?.email !== row.email || user.deleted_at !== null || user.disabled_at !== null) throw tokenInvalid();
  return user;
}

/**
 * Uses a token up, in the unit of work that does what it is for: of several at once, one gets through. The account's other
 * tokens go with it. Answers the account's row, locked. Throws as `findByToken`.
 */
export async function useToken(
  tx: Kysely<AuthTables>,
  purpose: Purpose,
  token: string,
  now: number,
): Promise<UsersTable> {
  const { id } = await findByToken(tx, purpose, token, now);
  // The account first, as everybody does: whoever waited here finds the token gone.
  await tx.selectFrom('users').select('id').where('id', '=', id).forUpdate().execute();
  const user = await findByToken(tx, purpose, token, now);
  await dropTokens(tx, purpose, id);
  return user;
}

/** Links that are on their way to a user are good no more. */
export async function dropTokens(tx: Kysely<AuthTables>, { table }: Purpose, userId: string): Promise<void> {
  await tx.deleteFrom(table).where('user_id', '=', userId).execute();
}

const tokenInvalid = () =>
  new HoldfastError('token_invalid', 'This link is not good: it was used, has expired or is damaged. Ask for another.');
