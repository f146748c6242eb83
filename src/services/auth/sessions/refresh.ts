import type { CallContext } from '../../../base/context.ts';
import { HoldfastError } from '../../../base/errors.ts';
import type { Client } from '../../../contract/holdfast/v1/auth.ts';
import { appendAudit } from '../audit/append.ts';
import { clientRow } from '../client.ts';
import type { AuthDeps, AuthVerb } from '../deps.ts';
import { appendEvent } from '../events/append.ts';
import { hashOf, isToken, successorOf } from '../secret-tokens.ts';
import type { RefreshTokensTable, SessionsTable } from '../tables.ts';
import { ACCESS_TOKEN_SECONDS } from '../tokens.ts';
import { deleteSessions } from './delete.ts';
import { expiryOf, secondsUntil } from './lifetime.ts';

/** Milliseconds in which the answer to a refresh may be asked for again. */
const GRACE = 30_000;

type Outcome =
  | { readonly kind: 'refreshed'; readonly session: SessionsTable }
  | { readonly kind: 'refused' }
  | { readonly kind: 'stolen'; readonly userId: string };

/**
 * The successor of a refresh token is made out of the token itself, with a key of ours: asked again, because the answer
 * was lost, we answer the same one, and there are never two that are good at the same time. Whoever comes with a token
 * that is used up, later or after its successor was used, shows that two have it, and nobody knows which of them is the
 * user: the session ends.
 */
export const refresh: AuthVerb<'refresh'> =
  (deps) =>
  async ({ refreshToken, client }, context) => {
    if (!isToken('refresh', refreshToken)) throw refused();
    const successor = successorOf('refresh', refreshToken, deps.refreshKey);
    const now = Date.now();
    const outcome = await rotate(deps, { used: hashOf(refreshToken), next: hashOf(successor), client, now }, context);
    if (outcome.kind === 'stolen') {
      deps.onEvent();
      deps.log.warn(
        { request_id: context.requestId, user_id: outcome.userId },
        'a refresh token came twice: session ended',
      );
    }
    if (outcome.kind !== 'refreshed') throw refused();
    const { session } = outcome;
    return {
      accessToken: await deps.tokens.issue(session.user_id, session.id),
      expiresIn: ACCESS_TOKEN_SECONDS,
      refreshToken: successor,
      refreshExpiresIn: secondsUntil(session.expires_at, now),
    };
  };

interface Rotation {
  /** Hashes. */
  readonly used: string;
  readonly next: string;
  readonly client: Client | undefined;
  readonly now: number;
}

function rotate({ db }: AuthDeps, { used, next, client, now }: Rotation, context: CallContext): Promise<Outcome> {
  return db.unit(async (tx) => {
    const known = await tx
      .selectFrom('refresh_tokens')
      .select('session_id')
      .where('token_hash', '=', used)
      .executeTakeFirst();
    if (!known) return { kind: 'refused' };
    // The session first, as everybody does: it goes with all its tokens.
    const session = await tx
      .selectFrom('sessions')
      .selectAll()
      .where('id', '=', known.session_id)
      .forUpdate()
      .executeTakeFirst();
    const tokens = await tx.selectFrom('refresh_tokens').selectAll().where('token_hash', 'in', [used, next]).execute();
    const token = tokens.find(({ token_hash }) => token_hash === used);
    if (!session || !token || session.expires_at <= now) return { kind: 'refused' };
    const user = await tx.selectFrom('users').selectAll().where('id', '=', session.user_id).executeTakeFirst();
    if (!user || user.disabled_at !== null || user.deleted_at !== null) return { kind: 'refused' };

    const successor = tokens.find(({ token_hash }) => token_hash === next);
    if (isReuse(token, successor, now)) {
      await deleteSessions(tx, (query) => query.where('id', '=', session.id));
      const entry = { action: 'session.stolen', target: ['session', session.id], client } as const;
      await appendAudit(tx, { ...entry, actor: { kind: 'anonymous' }, data: { userId: user.id } }, context, now);
      await appendEvent(tx, user.id, 'session.stolen', { sessionId: session.id }, now);
      return { kind: 'stolen', userId: user.id };
    }
    if (!successor) {
      await tx.updateTable('refresh_tokens').set({ used_at: now }).where('token_hash', '=', used).execute();
      const row = { token_hash: next, session_id: session.id, created_at: now, used_at: null };
      await tx.insertInto('refresh_tokens').values(row).execute();
    }
    const changes = { ...clientRow(client), last_used_at: now, expires_at: expiryOf(session.created_at, now) };
    await tx.updateTable('sessions').set(changes).where('id', '=', session.id).execute();
    return { kind: 'refreshed', session: { ...session, ...changes } };
  });
}

function isReuse(token: RefreshTokensTable, successor: RefreshTokensTable | undefined, now: number): boolean {
  if (token.used_at === null) return false;
  return !successor || successor.used_at !== null || now - token.used_at > GRACE;
}

const refused = () =>
  new HoldfastError(
    'unauthenticated',
    'The refresh token is not valid, was used already or has expired. Log in again.',
  );
