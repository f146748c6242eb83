import type { Kysely } from 'kysely';
import type { CallContext } from '../../../base/context.ts';
import type { Client } from '../../../contract/holdfast/v1/auth.ts';
import { countAttempt, mailCounters } from '../attempts.ts';
import { appendAudit } from '../audit/append.ts';
import type { AuthDeps } from '../deps.ts';
import { appendEvent } from '../events/append.ts';
import { useInvitation } from '../invitations/use.ts';
import type { AuthTables, UsersTable } from '../tables.ts';
import { findUserByEmail } from './find-by-email.ts';
import { noteNewUser } from './insert.ts';

interface Wanted {
  /** Without its password. */
  readonly row: UsersTable;
  readonly password: string;
  readonly invitation: string | undefined;
  readonly client: Client | undefined;
}

/**
 * Makes an account that has to be confirmed, or tells the one that is there already: by mail alone. Whoever asks hears and
 * waits the same. A password that somebody else chose for an address never opens what its reader makes of it: the mail to
 * an account that is there leads to choosing another one, and where two chose before either has confirmed, neither's is
 * good, because the mail to confirm it may be of the other's sign-up.
 */
export async function signUpByMail(
  deps: AuthDeps,
  { row: wanted, password, invitation, client }: Wanted,
  context: CallContext,
): Promise<void> {
  const { db, hashing, signup, log } = deps;
  const { email } = wanted;
  await countAttempt(db, mailCounters(email, client), Date.now());
  const before = await findUserByEmail(db.reader, email);
  // One or the other: either takes as long.
  const isTheirs = before && (await hashing.matches(password, before.password_hash || undefined, context.signal));
  const row: UsersTable = { ...wanted, password_hash: before ? '' : await hashing.hash(password, context.signal) };
  const now = row.created_at;
  const made = await db.unit(async (tx) => {
    await db.dialect.insertIfAbsent(tx, 'users', [row], ['email']);
    const standing = await tx
      .selectFrom('users')
      .select('id')
      .where('email', '=', email)
      .forUpdate()
      .executeTakeFirstOrThrow();
    if (standing.id !== row.id) {
      const passwordDropped = before !== undefined && !isTheirs && (await dropUnprovenPassword(tx, before));
      const entry = { action: 'sign_up.repeated', target: ['user', standing.id], client } as const;
      await appendAudit(tx, { ...entry, data: { passwordDropped } }, context, now);
      await appendEvent(tx, standing.id, 'sign_up.repeated', {}, now);
      return false;
    }
    if (signup === 'invite') await useInvitation(tx, invitation, email, now);
    await noteNewUser(tx, row, { client, actor: { kind: 'user', ownerId: row.id } }, context);
    await appendEvent(tx, row.id, 'email.verification_requested', {}, now);
    return true;
  });
  deps.onEvent();
  if (made) log.info({ request_id: context.requestId, user_id: row.id }, 'account made');
}

/** Of an account that nobody has confirmed or ever used, in a unit of work that has locked it. Answers whether it did. */
async function dropUnprovenPassword(
  tx: Kysely<AuthTables>,
  { id, password_hash }: Pick<UsersTable, 'id' | 'password_hash'>,
): Promise<boolean> {
  const ofUser = (table: 'sessions' | 'api_tokens') =>
    tx.selectFrom(table).select('id').where('user_id', '=', id).limit(1).executeTakeFirst();
  if ((await ofUser('sessions')) || (await ofUser('api_tokens'))) return false;
  const { numUpdatedRows } = await tx
    .updateTable('users')
    .set({ password_hash: '' })
    .where('id', '=', id)
    .where('password_hash', '=', password_hash)
    .where('email_verified_at', 'is', null)
    .where('password_hash', '<>', '')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
