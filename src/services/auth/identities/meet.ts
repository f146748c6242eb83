import type { Kysely } from 'kysely';
import type { CallContext } from '../../../base/context.ts';
import { newId } from '../../../base/ids.ts';
import { prepared } from '../../../base/prepared-query.ts';
import type { AuthDeps } from '../deps.ts';
import type { VouchedFor } from '../issuers/index.ts';
import type { AuthTables } from '../tables.ts';
import { displayNameIfAny } from '../users/display-name.ts';
import { insertUser, newUser, noAddress } from '../users/insert.ts';
import { claimIdentity, newIdentity } from './rows.ts';

/** Whose identity it is, as that account's row says now; of an account that is gone there is nothing but the id. */
export const findByIdentity = prepared(
  (db: Kysely<AuthTables>, { issuer, subject }: { readonly issuer: string; readonly subject: string }) =>
    db
      .selectFrom('identities')
      .leftJoin('users', 'users.id', 'identities.user_id')
      .select('identities.user_id')
      .select(['users.id', 'users.role', 'users.disabled_at', 'users.deleted_at', 'users.sessions_ended_at'])
      .where('identities.issuer', '=', issuer)
      .where('identities.subject', '=', subject),
);

/**
 * Makes the account of somebody whom another issuer vouches for, at first sight; of several at once, one does. The
 * account has no e-mail here: what an issuer says of one must not take it from, or give it to, anybody.
 */
export async function meet(
  { db, onEvent, log }: Pick<AuthDeps, 'db' | 'onEvent' | 'log'>,
  { name, ...identity }: VouchedFor,
  context: CallContext,
): Promise<void> {
  const now = Date.now();
  const id = newId();
  const made = await db.unit(async (tx) => {
    const standing = await claimIdentity(tx, db.dialect, newIdentity(identity, { userId: id, now }));
    if (standing.user_id !== id) return false;
    const row = newUser({
      id,
      email: noAddress(id),
      name: displayNameIfAny(name),
      password_hash: '',
      created_at: now,
    });
    const maker = {
      client: undefined,
      actor: { kind: 'user', ownerId: id },
      data: { issuer: identity.issuer },
    } as const;
    await insertUser(tx, row, maker, context);
    return true;
  });
  if (!made) return;
  onEvent();
  log.info({ request_id: context.requestId, user_id: id, issuer: identity.issuer }, 'account made');
}
