import type { Kysely } from 'kysely';
import type { CallContext } from '../../../base/context.ts';
import { HoldfastError } from '../../../base/errors.ts';
import type { Client } from '../../../contract/holdfast/v1/auth.ts';
import { appendAudit } from '../audit/append.ts';
import type { AuthDeps } from '../deps.ts';
import { appendEvent } from '../events/append.ts';
import { claimIdentity, newIdentity } from '../identities/rows.ts';
import type { ProvidedIdentity } from '../providers/index.ts';
import { goesOn } from '../sessions/going-on.ts';
import type { AuthTables, ProviderSignInsTable, UsersTable } from '../tables.ts';

interface Linking {
  readonly userId: string;
  readonly begun: ProviderSignInsTable;
  readonly identity: ProvidedIdentity;
  /** Its name. */
  readonly provider: string;
  readonly client: Client | undefined;
}

/** Adds a way to sign in to an account, for its user. Linked already, it is done already. */
export async function linkIdentity(
  { db, onEvent }: Pick<AuthDeps, 'db' | 'onEvent'>,
  { userId, begun, identity, provider, client }: Linking,
  context: CallContext,
): Promise<void> {
  const { issuer } = identity;
  const now = Date.now();
  await db.unit(async (tx) => {
    const user = await stillSignedIn(tx, userId, begun, now);
    const isTheirs = identity.emailVerified && identity.email === user.email;
    // Whoever signed up with somebody else's e-mail must not leave a door open for when that one gets the account.
    if (user.email_verified_at === null && !isTheirs) {
      throw new HoldfastError('email_unverified', 'Verify the e-mail of your account first, then link others with it.');
    }
    const mine = newIdentity(identity, { userId, now });
    const standing = await claimIdentity(tx, db.dialect, mine);
    if (standing.user_id !== userId) {
      throw new HoldfastError('conflict', 'Another account here is linked with that one. Unlink it there first.');
    }
    if (standing.id !== mine.id) return;
    if (user.email_verified_at === null) {
      await tx.updateTable('users').set({ email_verified_at: now }).where('id', '=', userId).execute();
    }
    const actor = { kind: 'user', ownerId: userId } as const;
    const entry = { action: 'identity.linked', target: ['user', userId], client, actor } as const;
    await appendAudit(tx, { ...entry, data: { method: provider, issuer } }, context, now);
    await appendEvent(tx, userId, 'identity.linked', { issuer }, now);
  });
  onEvent();
}

/**
 * The account, locked, while the session that began this goes on: whoever changed the password to get rid of somebody
 * would not be rid of an account that this one links afterwards.
 */
async function stillSignedIn(
  tx: Kysely<AuthTables>,
  userId: string,
  { session_id, created_at }: ProviderSignInsTable,
  now: number,
): Promise<UsersTable> {
  const user = await tx.selectFrom('users').selectAll().where('id', '=', userId).forUpdate().executeTakeFirst();
  const still = session_id
    ? await goesOn(tx, { userId, sessionId: session_id }, now)
    : (user?.sessions_ended_at ?? now) <= created_at;
  if (user && still && user.disabled_at === null && user.deleted_at === null) return user;
  throw signedOut();
}

export const signedOut = () =>
  new HoldfastError('unauthenticated', 'You are not signed in any more. Sign in, and link the account again.');
