import type { Usage } from '../../contract/holdfast/v1/usage.ts';
import { ownerOf } from './access.ts';
import type { FileVerb } from './deps.ts';
import { type Counted, type DefaultQuotas, nothingOf } from './owners.ts';

/** What the owner has, and the quota that counts: its own, or the one for all. */
export function toUsage(row: Counted, { userQuota, userMaxFiles }: DefaultQuotas): Usage {
  return {
    ownerId: row.owner_id,
    bytes: { used: row.used, held: row.held, limit: row.quota ?? userQuota },
    files: { used: row.files, held: row.files_held, limit: row.file_quota ?? userMaxFiles },
  };
}

export const getUsage: FileVerb<'getUsage'> =
  ({ db, settings }) =>
  async (request, context) => {
    const ownerId = ownerOf(context, request.ownerId);
    const row = await db.reader.selectFrom('owners').selectAll().where('owner_id', '=', ownerId).executeTakeFirst();
    return { usage: toUsage(row ?? nothingOf(ownerId), settings) };
  };
