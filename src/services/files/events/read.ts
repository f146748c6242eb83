import { readOutbox } from '../../../outbox/outbox.ts';
import { requireService } from '../access.ts';
import type { EventVerb } from '../deps.ts';

export const readEvents: EventVerb<'readEvents'> =
  ({ db }) =>
  async (page, context) => {
    requireService(context);
    const rows = await readOutbox(db, 'files_outbox', page);
    return {
      events: rows.map((row) => ({
        id: row.id,
        position: row.position,
        type: row.type,
        version: row.version,
        fileId: row.file_id,
        ownerId: row.owner_id,
        sequence: row.sequence,
        data: JSON.parse(row.data),
        createdAt: new Date(row.created_at),
      })),
    };
  };
