import { requireUser } from '../access.ts';
import type { AuthVerb } from '../deps.ts';
import { latestFirst } from '../pages.ts';

export const listLinkedAccounts: AuthVerb<'listLinkedAccounts'> =
  ({ db, providers }) =>
  async (request, context) => {
    const userId = requireUser(context);
    const query = db.reader.selectFrom('identities').selectAll().where('user_id', '=', userId);
    const { rows, nextCursor } = await latestFirst(db.dialect, query, request.page, [userId]);
    const accounts = rows.map(({ id, issuer, email, created_at }) => ({
      id,
      provider: providers.ofIssuer(issuer)?.name,
      issuer,
      email: email ?? undefined,
      createdAt: new Date(created_at),
    }));
    return { accounts, nextCursor };
  };
