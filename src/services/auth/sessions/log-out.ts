import { derived } from '../../../base/context.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { requireUser } from '../access.ts';
import type { AuthVerb } from '../deps.ts';
import { hashOf, isToken } from '../secret-tokens.ts';
import { endSessions } from './end.ts';

export const logOut: AuthVerb<'logOut'> =
  (deps) =>
  async ({ refreshToken, sessionId, client }, context) => {
    if (sessionId !== undefined) {
      const userId = requireUser(context);
      await endSessions(deps, { userId, client, which: (query) => query.where('id', '=', sessionId) }, context);
    }
    if (refreshToken !== undefined && isToken('refresh', refreshToken)) {
      const token = await deps.db.reader
        .selectFrom('refresh_tokens')
        .innerJoin('sessions', 'sessions.id', 'refresh_tokens.session_id')
        .select(['sessions.id', 'sessions.user_id'])
        .where('refresh_tokens.token_hash', '=', hashOf(refreshToken))
        .executeTakeFirst();
      if (token) {
        const mine = derived(context, { principal: { kind: 'user', ownerId: token.user_id } });
        await endSessions(
          deps,
          { userId: token.user_id, client, which: (query) => query.where('id', '=', token.id) },
          mine,
        );
      }
    }
    if (sessionId === undefined && refreshToken === undefined) {
      throw new HoldfastError('invalid_request', 'Name the session to end, by its id or by its refresh token.');
    }
    return {};
  };
