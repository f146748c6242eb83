import type { Kysely } from 'kysely';
import type { CallContext } from '../../base/context.ts';
import { prepared } from '../../base/prepared-query.ts';
import { type AuthenticateResponse, CredentialKind } from '../../contract/holdfast/v1/auth.ts';
import type { AuthDeps, AuthVerb } from './deps.ts';
import { findByIdentity, meet } from './identities/meet.ts';
import { scopesOfIssuer, scopesOfSession, scopesOfToken } from './scopes.ts';
import { hashOf, isToken } from './secret-tokens.ts';
import { expiryOf } from './sessions/lifetime.ts';
import type { AuthTables } from './tables.ts';
import { notSignedIn } from './tokens.ts';
import { roleOf } from './users/user-of.ts';

/** Milliseconds to within which the last use is kept: nobody's request waits for a write. */
const SESSION_USE = 5 * 60_000;
const API_TOKEN_USE = 60_000;

/** Who bears a credential. Each kind has a form of its own, so that none can be taken for another. */
export const authenticate: AuthVerb<'authenticate'> = (deps) => {
  const noteUse = (what: string, write: () => Promise<unknown>) => {
    write().catch((error) => deps.log.warn({ err: error }, `the last use of ${what} could not be written`));
  };

  async function bySession(token: string): Promise<AuthenticateResponse> {
    const now = Date.now();
    const { rows } = await findSession(deps.db.reader, { token_hash: hashOf(token) });
    const session = rows[0];
    if (!session || session.expires_at <= now || !canSignIn(session)) throw notSignedIn();
    if (now - session.last_used_at > SESSION_USE) noteUse('a session', () => touchSession(deps, session, now));
    return {
      userId: session.user_id,
      expiresAt: new Date(session.expires_at),
      kind: CredentialKind.SESSION,
      credentialId: session.id,
      role: roleOf(session),
      scopes: scopesOfSession(session.role),
    };
  }

  async function byApiToken(given: string): Promise<AuthenticateResponse> {
    const now = Date.now();
    const { rows } = await findApiToken(deps.db.reader, { token_hash: hashOf(given) });
    const token = rows[0];
    if (!token || (token.expires_at !== null && token.expires_at <= now) || !canSignIn(token)) throw notSignedIn();
    if (now - (token.last_used_at ?? 0) > API_TOKEN_USE)
      noteUse('an API token', () => touchApiToken(deps, token.id, now));
    return {
      userId: token.user_id,
      expiresAt: token.expires_at === null ? undefined : new Date(token.expires_at),
      kind: CredentialKind.API_TOKEN,
      credentialId: token.id,
      role: roleOf(token),
      scopes: scopesOfToken(JSON.parse(token.scopes), token.role),
    };
  }

  async function byAccessToken(token: string): Promise<AuthenticateResponse> {
    const { userId, sessionId, expiresAt } = await deps.tokens.verify(token);
    const { rows } = await findUserAndSession(deps.db.reader, { user_id: userId, session_id: sessionId });
    const user = rows[0];
    if (!user || !canSignIn(user)) throw notSignedIn();
    // What was logged out is refused though the token has not expired.
    if (user.session_id !== sessionId) throw notSignedIn();
    return {
      userId,
      expiresAt: new Date(expiresAt * 1_000),
      kind: CredentialKind.ACCESS_TOKEN,
      credentialId: sessionId,
      role: roleOf(user),
      scopes: scopesOfSession(user.role),
    };
  }

  async function byIssuer(issuer: string, token: string, context: CallContext): Promise<AuthenticateResponse> {
    const vouched = await deps.issuers.verify(issuer, token);
    const find = async () => (await findByIdentity(deps.db.reader, vouched)).rows[0];
    let user = await find();
    if (!user) {
      await meet(deps, vouched, context);
      user = await find();
    }
    // A deleted account stays so, whoever vouches for it.
    if (!user?.id || !canSignIn(user)) throw notSignedIn();
    if (vouched.issuedAt * 1_000 < (user.sessions_ended_at ?? 0)) throw notSignedIn();
    const role = user.role ?? 'user';
    return {
      userId: user.id,
      expiresAt: new Date(vouched.expiresAt * 1_000),
      kind: CredentialKind.ACCESS_TOKEN,
      credentialId: '',
      role: roleOf({ role }),
      scopes: scopesOfIssuer(role),
    };
  }

  return async ({ token }, context) => {
    if (isToken('session', token)) return bySession(token);
    if (isToken('api', token)) return byApiToken(token);
    const issuer = deps.issuers.issuerOf(token);
    return issuer === undefined ? byAccessToken(token) : byIssuer(issuer, token, context);
  };
};

const canSignIn = (user: { readonly disabled_at: number | null; readonly deleted_at: number | null }): boolean =>
  user.disabled_at === null && user.deleted_at === null;

const findSession = prepared((db: Kysely<AuthTables>, { token_hash }: { readonly token_hash: string }) =>
  db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['sessions.id', 'sessions.user_id', 'sessions.created_at', 'sessions.last_used_at', 'sessions.expires_at'])
    .select(['users.role', 'users.disabled_at', 'users.deleted_at'])
    .where('sessions.token_hash', '=', token_hash),
);

const findApiToken = prepared((db: Kysely<AuthTables>, { token_hash }: { readonly token_hash: string }) =>
  db
    .selectFrom('api_tokens')
    .innerJoin('users', 'users.id', 'api_tokens.user_id')
    .select([
      'api_tokens.id',
      'api_tokens.user_id',
      'api_tokens.scopes',
      'api_tokens.expires_at',
      'api_tokens.last_used_at',
    ])
    .select(['users.role', 'users.disabled_at', 'users.deleted_at'])
    .where('api_tokens.token_hash', '=', token_hash),
);

const findUserAndSession = prepared(
  (db: Kysely<AuthTables>, { user_id, session_id }: { readonly user_id: string; readonly session_id: string }) =>
    db
      .selectFrom('users')
      .leftJoin('sessions', (join) =>
        join.onRef('sessions.user_id', '=', 'users.id').on('sessions.id', '=', session_id),
      )
      .select(['users.role', 'users.disabled_at', 'users.deleted_at', 'sessions.id as session_id'])
      .where('users.id', '=', user_id),
);

const touchSession = (
  { db }: Pick<AuthDeps, 'db'>,
  { id, created_at }: { readonly id: string; readonly created_at: number },
  now: number,
) =>
  db.unit((tx) =>
    tx
      .updateTable('sessions')
      .set({ last_used_at: now, expires_at: expiryOf(created_at, now) })
      .where('id', '=', id)
      .where('last_used_at', '<', now - SESSION_USE)
      .execute(),
  );

const touchApiToken = ({ db }: Pick<AuthDeps, 'db'>, id: string, now: number) =>
  db.unit((tx) => tx.updateTable('api_tokens').set({ last_used_at: now }).where('id', '=', id).execute());
