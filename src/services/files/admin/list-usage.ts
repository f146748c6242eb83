import { requireAdmin } from '../access.ts';
import type { AdminVerb } from '../deps.ts';
import { readPage } from '../pages.ts';
import { toUsage } from '../usage.ts';

const SORTABLE = { owner_id: { column: 'owner_id', holds: 'string' } } as const;

export const listUsage: AdminVerb<'listUsage'> =
  ({ db, settings }) =>
  async (request, context) => {
    requireAdmin(context);
    const { limit = 0, cursor = '', sort = '' } = request.page ?? {};
    const page = readPage({ limit, cursor, sort: sort || 'owner_id' }, SORTABLE, []);
    const { direction } = page.sort;
    let query = db.laggingReader.selectFrom('owners').selectAll();
    if (page.after) query = query.where('owner_id', direction === 'asc' ? '>' : '<', String(page.after.value));
    const rows = await query
      .orderBy('owner_id', direction)
      .limit(page.limit + 1)
      .execute();
    const shown = rows.slice(0, page.limit);
    const last = rows.length > page.limit ? shown.at(-1) : undefined;
    return {
      usage: shown.map((row) => toUsage(row, settings)),
      nextCursor: last ? page.cursorAfter({ value: last.owner_id, id: '' }) : '',
    };
  };
