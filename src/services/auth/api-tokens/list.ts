import { requireUser } from '../access.ts';
import type { AuthVerb } from '../deps.ts';
import { latestFirst } from '../pages.ts';
import { apiTokenOf } from './api-token-of.ts';

export const listApiTokens: AuthVerb<'listApiTokens'> =
  ({ db }) =>
  async (request, context) => {
    const userId = requireUser(context);
    const now = Date.now();
    const query = db.reader
      .selectFrom('api_tokens')
      .selectAll()
      .where('user_id', '=', userId)
      .where(({ or, eb }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]));
    const { rows, nextCursor } = await latestFirst(db.dialect, query, request.page, [userId]);
    return { apiTokens: rows.map(apiTokenOf), nextCursor };
  };
