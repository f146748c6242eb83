import { HoldfastError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import { appendAudit } from '../audit/append.ts';
import type { AuthVerb } from '../deps.ts';
import { requireScopes } from '../scopes.ts';
import { hashOf, newToken } from '../secret-tokens.ts';
import { requireGoingOn } from '../sessions/going-on.ts';
import type { ApiTokensTable } from '../tables.ts';
import { displayName } from '../users/display-name.ts';
import { noSuchAccount } from '../users/get.ts';
import { apiTokenOf } from './api-token-of.ts';

/** Enough to find the one that leaked, not enough to guess it. */
const HINT = 10;
const MOST = 200;

export const createApiToken: AuthVerb<'createApiToken'> =
  ({ db }) =>
  async (request, context) => {
    const userId = ownerOf(request.userId, context.principal);
    const name = displayName(request.name);
    if (name === null) throw invalid('name', 'Give the token a name, by which you will know what it is for.');
    const now = Date.now();
    const expiresAt = request.expiresAt?.getTime() ?? null;
    if (expiresAt !== null && !(expiresAt > now)) throw invalid('expiresAt', 'The token would have expired already.');

    const token = newToken('api');
    const row = await db.unit(async (tx) => {
      // Locked, so that a role that is being taken away gives nothing more.
      const user = await tx.selectFrom('users').selectAll().where('id', '=', userId).forUpdate().executeTakeFirst();
      if (!user || user.deleted_at !== null || user.disabled_at !== null) throw noSuchAccount();
      await requireGoingOn(tx, { userId, sessionId: request.sessionId ?? '' }, now);
      const scopes = requireScopes(request.scopes, user.role);
      const { count } = await tx
        .selectFrom('api_tokens')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('user_id', '=', userId)
        .executeTakeFirstOrThrow();
      if (count >= MOST) throw new HoldfastError('conflict', `There are ${MOST} tokens already. Revoke some first.`);
      const made: ApiTokensTable = {
        id: newId(),
        user_id: userId,
        name,
        token_hash: hashOf(token),
        hint: token.slice(0, HINT),
        scopes: JSON.stringify(scopes),
        created_at: now,
        expires_at: expiresAt,
        last_used_at: null,
      };
      await tx.insertInto('api_tokens').values(made).execute();
      const entry = { action: 'api_token.created', target: ['api_token', made.id], client: request.client } as const;
      await appendAudit(tx, { ...entry, data: { userId, name, scopes } }, context, now);
      return made;
    });
    return { token, apiToken: apiTokenOf(row) };
  };

/** Users make tokens of their own; a service says whose. */
function ownerOf(
  userId: string,
  principal: Parameters<ReturnType<AuthVerb<'createApiToken'>>>[1]['principal'],
): string {
  if (principal.kind === 'service' && userId !== '') return userId;
  if (principal.kind === 'user' && (userId === '' || userId === principal.ownerId)) return principal.ownerId;
  if (principal.kind === 'user') throw new HoldfastError('forbidden', 'You can only make tokens of your own.');
  if (principal.kind === 'service') throw invalid('userId', 'Say whose token it shall be.');
  throw new HoldfastError('unauthenticated', 'Sign in first.');
}

const invalid = (path: string, message: string) =>
  new HoldfastError('invalid_request', message, { fields: [{ path, message }] });
