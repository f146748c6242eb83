import type { Usage } from '../../contract/holdfast/v1/usage.ts';
import { ownerOf } from './access.ts';
import type { FileVerb } from './deps.ts';
import type { DefaultQuotas, OwnerRow } from './owners.ts';

type Counted = Omit<OwnerRow, 'owner_key' | 'created_at'>;

/** An owner who has no file yet. */
export const nothingOf = (owner_id: string): Counted => ({
  owner_id,
  quota: null,
  used: 0,
  held: 0,
  file_quota: null,
  files: 0,
  files_held: 0,
});

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
