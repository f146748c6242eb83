import { requireUser } from '../access.ts';
import type { AuthVerb } from '../deps.ts';
import { latestFirst } from '../pages.ts';
import { sessionOf } from './session-of.ts';

export const listSessions: AuthVerb<'listSessions'> =
  ({ db }) =>
  async (request, context) => {
    const userId = requireUser(context);
    const query = db.reader
      .selectFrom('sessions')
      .selectAll()
      .where('user_id', '=', userId)
      .where('expires_at', '>', Date.now());
    const { rows, nextCursor } = await latestFirst(db.dialect, query, request.page, [userId]);
    return { sessions: rows.map(sessionOf), nextCursor };
  };
