import { requireUser } from '../access.ts';
import type { AuthVerb } from '../deps.ts';
import { pageOf, readPage } from '../pages.ts';
import { sessionOf } from './session-of.ts';

export const listSessions: AuthVerb<'listSessions'> =
  ({ db }) =>
  async (request, context) => {
    const userId = requireUser(context);
    const page = readPage(request.page, [userId]);
    let query = db.reader
      .selectFrom('sessions')
      .selectAll()
      .where('user_id', '=', userId)
      .where('expires_at', '>', Date.now())
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(page.limit + 1);
    const { after } = page;
    if (after) query = query.where(db.dialect.beyond(['created_at', 'id'], '<', [after.createdAt, after.id]));
    const { rows, nextCursor } = pageOf(await query.execute(), page, [userId]);
    return { sessions: rows.map(sessionOf), nextCursor };
  };
