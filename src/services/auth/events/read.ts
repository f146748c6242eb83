import { HoldfastError } from '../../../base/errors.ts';
import { requireService } from '../access.ts';
import type { EventVerb } from '../deps.ts';

const MAX_EVENTS = 1000;

export const readAccountEvents: EventVerb<'readAccountEvents'> =
  ({ db }) =>
  async ({ after, limit }, context) => {
    requireService(context);
    if (limit < 1 || limit > MAX_EVENTS) {
      throw new HoldfastError('invalid_request', `The limit must be from 1 to ${MAX_EVENTS}.`);
    }
    const rows = await db.reader
      .selectFrom('auth_outbox')
      .selectAll()
      .where('position', '>', after)
      .orderBy('position')
      .limit(limit)
      .execute();
    return {
      events: rows.map((row) => ({
        id: row.id,
        position: row.position as number,
        type: row.type,
        version: row.version,
        userId: row.user_id,
        data: JSON.parse(row.data),
        createdAt: new Date(row.created_at),
      })),
    };
  };
