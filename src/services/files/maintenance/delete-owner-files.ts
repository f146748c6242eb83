import { hasCode } from '../../../base/errors.ts';
import { requireService } from '../access.ts';
import type { MaintenanceVerb } from '../deps.ts';
import { deleteFile } from '../lifecycle/delete.ts';
import { MAX_PAGE } from './list-purgeable.ts';

/** Each file by itself, as if its owner had deleted it for good: whoever waits for its events hears of it. */
export const deleteOwnerFiles: MaintenanceVerb<'deleteOwnerFiles'> =
  (deps) =>
  async ({ ownerId, limit }, context) => {
    requireService(context);
    const { reader } = deps.db;
    const rows = await reader
      .selectFrom('files')
      .select('id')
      .where('owner_id', '=', ownerId)
      .where('purge_reason', 'is', null)
      .limit(Math.min(Math.max(limit, 1), MAX_PAGE))
      .execute();
    for (const { id } of rows) {
      context.signal.throwIfAborted();
      await deleteFile(deps)({ ownerId, fileId: id, permanent: true }, context).catch((error) => {
        // Another was first.
        if (!hasCode(error, 'not_found', 'gone')) throw error;
      });
    }
    const one = await reader
      .selectFrom('files')
      .select('id')
      .where('owner_id', '=', ownerId)
      .limit(1)
      .executeTakeFirst();
    return { marked: rows.length, left: one !== undefined };
  };
