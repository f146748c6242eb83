import { requireAdmin } from '../access.ts';
import type { AdminVerb } from '../deps.ts';
import { readPage } from '../pages.ts';
import { toUsage } from '../usage.ts';

/** What has no index is sorted for the page: admins ask seldom, and one would slow down every upload. */
const SORTABLE = {
  owner_id: { column: 'owner_id', holds: 'string' },
  bytes: { column: 'used', holds: 'number' },
  files: { column: 'files', holds: 'number' },
} as const;

export const listUsage: AdminVerb<'listUsage'> =
  ({ db, settings }) =>
  async (request, context) => {
    requireAdmin(context);
    const { limit = 0, cursor = '', sort = '' } = request.page ?? {};
    const page = readPage({ limit, cursor, sort: sort || 'owner_id' }, SORTABLE, [], 'owner_id');
    const { column, direction } = page.sort;
    let query = db.laggingReader.selectFrom('owners').selectAll();
    if (page.after) query = query.where(page.beyond(db.dialect));
    const rows = await query
      .orderBy(column, direction)
      .orderBy('owner_id', direction)
      .limit(page.limit + 1)
      .execute();
    const shown = rows.slice(0, page.limit);
    const last = rows.length > page.limit ? shown.at(-1) : undefined;
    return {
      usage: shown.map((row) => toUsage(row, settings)),
      nextCursor: last ? page.cursorAfter({ value: last[column], id: last.owner_id }) : '',
    };
  };
