import type { Quota } from '../../../contract/holdfast/v1/file_admin.ts';
import { checkOwnerId, requireAdmin } from '../access.ts';
import type { AdminVerb } from '../deps.ts';
import { invalidField } from '../invalid.ts';
import { lockOwner } from '../owners.ts';
import { toUsage } from '../usage.ts';

/** An owner may be given quotas before its first file. */
export const setQuota: AdminVerb<'setQuota'> =
  ({ db, settings }) =>
  async ({ ownerId, bytes, files }, context) => {
    requireAdmin(context);
    checkOwnerId(ownerId);
    const changes = {
      ...(bytes && { quota: limitOf(bytes, 'bytes') }),
      ...(files && { file_quota: limitOf(files, 'files') }),
    };
    const now = await db.now();
    const row = await db.unit(async (tx) => {
      const owner = await lockOwner(tx, db.dialect, ownerId, now);
      if (Object.keys(changes).length > 0) {
        await tx.updateTable('owners').set(changes).where('owner_id', '=', ownerId).execute();
      }
      return { ...owner, ...changes };
    });
    return { usage: toUsage(row, settings) };
  };

function limitOf({ limit }: Quota, path: string): number | null {
  if (limit === undefined) return null;
  if (Number.isSafeInteger(limit) && limit >= 0) return limit;
  throw invalidField(`${path}.limit`, 'A quota must be 0 or more; none means the default.');
}
