import type { Kysely } from 'kysely';
import type { CallContext } from '../../../base/context.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import type { Client } from '../../../contract/holdfast/v1/auth.ts';
import { UniqueViolation } from '../../../drivers/database/port.ts';
import { appendAudit } from '../audit/append.ts';
import type { AuthDeps } from '../deps.ts';
import { appendEvent } from '../events/append.ts';
import { lockIdentity, newIdentity } from '../identities/rows.ts';
import { useInvitation } from '../invitations/use.ts';
import type { ProvidedIdentity } from '../providers/index.ts';
import { type BegunSession, beginSession, newSession } from '../sessions/begin.ts';
import { deleteReplaced } from '../sessions/delete.ts';
import type { AuthTables, ProviderSignInsTable } from '../tables.ts';
import { displayNameIfAny } from '../users/display-name.ts';
import { insertUser, newUser } from '../users/insert.ts';

interface SignIn {
  readonly begun: ProviderSignInsTable;
  readonly identity: ProvidedIdentity;
  readonly method: string;
  readonly client: Client | undefined;
  /** The token of a web session that ends now. */
  readonly replaces: string | undefined;
}

/** Others may make the same account at the same moment, with another provider or a password: then it is looked up. */
const ATTEMPTS = 4;

/** Starts a session for whom a provider vouches for, with an account made or linked where that is right. */
export async function signInWith(deps: AuthDeps, signIn: SignIn, context: CallContext): Promise<BegunSession> {
  for (let attempt = 1; ; attempt++) {
    try {
      const begun = await deps.db.unit((tx) => signInWithin(tx, deps, signIn, context));
      deps.onEvent();
      return begun;
    } catch (error) {
      if (!(error instanceof UniqueViolation) || attempt === ATTEMPTS) throw error;
    }
  }
}

async function signInWithin(
  tx: Kysely<AuthTables>,
  deps: AuthDeps,
  signIn: SignIn,
  context: CallContext,
): Promise<BegunSession> {
  const { identity, method, client, replaces } = signIn;
  const now = Date.now();
  const known = await lockIdentity(tx, identity);
  const userId = known?.user_id ?? (await accountFor(tx, deps, signIn, { now, context }));
  if (known && known.email !== identity.email) {
    await tx.updateTable('identities').set({ email: identity.email }).where('id', '=', known.id).execute();
  }
  const wanted = { userId, kind: 'web', client, method } as const;
  const begun = newSession(wanted, now);
  if (!(await beginSession(tx, begun, wanted, context))) {
    throw new HoldfastError('account_disabled', 'This account cannot sign in any more. Ask whoever runs this server.');
  }
  await deleteReplaced(tx, replaces);
  return begun;
}

interface Moment {
  readonly now: number;
  readonly context: CallContext;
}

/**
 * The account of an identity that is new here: the one that has its e-mail, or one that is made. Both sides must have
 * verified the e-mail: otherwise whoever is first to write down somebody else's would share an account with them.
 */
async function accountFor(
  tx: Kysely<AuthTables>,
  { signup }: Pick<AuthDeps, 'signup'>,
  { identity, begun, client, method }: SignIn,
  { now, context }: Moment,
): Promise<string> {
  const { email } = identity;
  if (email === null || !identity.emailVerified) {
    throw new HoldfastError('email_unverified', 'The provider has not verified your e-mail. Verify it there first.');
  }
  const user = await tx.selectFrom('users').selectAll().where('email', '=', email).forUpdate().executeTakeFirst();
  if (user?.email_verified_at === null) {
    throw new HoldfastError(
      'email_taken',
      'There is an account with this e-mail already, and nobody has verified it. Sign in to it and link this one, or ' +
        'reset its password.',
    );
  }
  const userId = user?.id ?? newId();
  const actor = { kind: 'user', ownerId: userId } as const;
  if (!user) {
    if (signup === 'closed') throw refusedSignUp();
    if (signup === 'invite')
      await useInvitation(tx, begun.invitation_hash ?? undefined, email, now).catch(noInvitation);
    const name = displayNameIfAny(identity.name);
    const row = newUser({ id: userId, email, name, password_hash: '', created_at: now, email_verified_at: now });
    await insertUser(tx, row, { client, actor, data: { method } }, context);
  }
  await tx.insertInto('identities').values(newIdentity(identity, { userId, now })).execute();
  const entry = { action: 'identity.linked', target: ['user', userId], client, actor } as const;
  await appendAudit(tx, { ...entry, data: { method, issuer: identity.issuer } }, context, now);
  if (user) await appendEvent(tx, userId, 'identity.linked', { issuer: identity.issuer }, now);
  return userId;
}

const refusedSignUp = () =>
  new HoldfastError('signup_refused', 'There is no account with this e-mail here, and not everybody can make one.');

function noInvitation(error: unknown): never {
  throw error instanceof HoldfastError && error.code === 'forbidden' ? refusedSignUp() : error;
}
