import type { Kysely } from 'kysely';
import { fromWord } from '../../../base/enum-words.ts';
import { type Purgeable, PurgeReason } from '../../../contract/holdfast/internal/v1/maintenance.ts';
import { requireService } from '../access.ts';
import type { FilesSettings, MaintenanceVerb } from '../deps.ts';
import type { FileRow } from '../file-rows.ts';
import type { FilesTables, PurgeReasonWord } from '../tables.ts';

export const MAX_PAGE = 1000;

/** Why a file is up for purging; undefined where it is not. */
export function purgeReasonOf(
  file: Pick<FileRow, 'purge_reason' | 'deleted_at' | 'expires_at' | 'status'>,
  { trashRetention }: FilesSettings,
  now: number,
): PurgeReasonWord | undefined {
  if (file.purge_reason !== null) return file.purge_reason;
  if (file.deleted_at !== null && file.deleted_at <= now - trashRetention) return 'trash';
  // An upload under way has an expiry of its own.
  if (file.expires_at !== null && file.expires_at <= now && file.status !== 'pending') return 'expired';
  return undefined;
}

export const listPurgeable: MaintenanceVerb<'listPurgeable'> =
  ({ db, settings }) =>
  async ({ after, limit }, context) => {
    requireService(context);
    const now = await db.now();
    const rows = await candidates(db.reader, { after, limit: Math.min(Math.max(limit, 1), MAX_PAGE) }, settings, now);
    return {
      files: rows.flatMap((row): Purgeable[] => {
        const reason = purgeReasonOf(row, settings, now);
        return reason ? [{ fileId: row.id, reason: fromWord(PurgeReason, reason), size: row.size }] : [];
      }),
    };
  };

/** In the order of their ids, so that a page continues where the last one ended, whatever was purged meanwhile. */
async function candidates(
  db: Kysely<FilesTables>,
  { after, limit }: { after: string; limit: number },
  { trashRetention }: FilesSettings,
  now: number,
) {
  const page = db
    .selectFrom('files')
    .select(['id', 'size', 'purge_reason', 'deleted_at', 'expires_at', 'status'])
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit);
  const found = await Promise.all([
    page.where('purge_reason', 'is not', null).execute(),
    page.where('deleted_at', '<=', now - trashRetention).execute(),
    page.where('expires_at', '<=', now).where('status', '!=', 'pending').execute(),
  ]);
  const byId = new Map(found.flat().map((row) => [row.id, row]));
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit);
}
