import { requireUser } from '../access.ts';
import type { AuthVerb } from '../deps.ts';
import { pageOf, readPage } from '../pages.ts';
import { apiTokenOf } from './api-token-of.ts';

export const listApiTokens: AuthVerb<'listApiTokens'> =
  ({ db }) =>
  async (request, context) => {
    const userId = requireUser(context);
    const page = readPage(request.page, [userId]);
    const now = Date.now();
    let query = db.reader
      .selectFrom('api_tokens')
      .selectAll()
      .where('user_id', '=', userId)
      .where(({ or, eb }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(page.limit + 1);
    const { after } = page;
    if (after) query = query.where(db.dialect.beyond(['created_at', 'id'], '<', [after.createdAt, after.id]));
    const { rows, nextCursor } = pageOf(await query.execute(), page, [userId]);
    return { apiTokens: rows.map(apiTokenOf), nextCursor };
  };
