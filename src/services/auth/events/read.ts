import { readOutbox } from '../../../outbox/outbox.ts';
import { requireService } from '../access.ts';
import type { EventVerb } from '../deps.ts';

export const readAccountEvents: EventVerb<'readAccountEvents'> =
  ({ db }) =>
  async (page, context) => {
    requireService(context);
    const rows = await readOutbox(db, 'auth_outbox', page);
    return {
      events: rows.map((row) => ({
        id: row.id,
        position: row.position,
        type: row.type,
        version: row.version,
        userId: row.user_id,
        data: JSON.parse(row.data),
        createdAt: new Date(row.created_at),
      })),
    };
  };
