import { requireUser } from '../access.ts';
import type { AuthVerb } from '../deps.ts';
import { pageOf, readPage } from '../pages.ts';

export const listLinkedAccounts: AuthVerb<'listLinkedAccounts'> =
  ({ db, providers }) =>
  async (request, context) => {
    const userId = requireUser(context);
    const page = readPage(request.page, [userId]);
    let query = db.reader
      .selectFrom('identities')
      .selectAll()
      .where('user_id', '=', userId)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(page.limit + 1);
    const { after } = page;
    if (after) query = query.where(db.dialect.beyond(['created_at', 'id'], '<', [after.createdAt, after.id]));
    const { rows, nextCursor } = pageOf(await query.execute(), page, [userId]);
    const accounts = rows.map(({ id, issuer, email, created_at }) => ({
      id,
      provider: providers.ofIssuer(issuer)?.name,
      issuer,
      email: email ?? undefined,
      createdAt: new Date(created_at),
    }));
    return { accounts, nextCursor };
  };
