import type { SelectQueryBuilder } from 'kysely';
import { fromWord } from '../../../base/enum-words.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { type Purgeable, PurgeReason } from '../../../contract/holdfast/internal/v1/maintenance.ts';
import { requireService } from '../access.ts';
import type { FilesDeps, FilesSettings, MaintenanceVerb } from '../deps.ts';
import type { FileRow } from '../file-rows.ts';
import type { FilesTables, PurgeReasonWord } from '../tables.ts';

export const MAX_PAGE = 1000;

/** Why a file is up for purging; undefined where it is not. */
export function purgeReasonOf(
  file: Pick<FileRow, 'purge_reason' | 'deleted_at' | 'expires_at' | 'status'>,
  { trashRetention }: Pick<FilesSettings, 'trashRetention'>,
  now: number,
): PurgeReasonWord | undefined {
  if (file.purge_reason !== null) return file.purge_reason;
  if (file.deleted_at !== null && file.deleted_at <= now - trashRetention) return 'trash';
  // An upload under way has an expiry of its own.
  if (file.expires_at !== null && file.expires_at <= now && file.status !== 'pending') return 'expired';
  return undefined;
}

type FilesQuery<O> = SelectQueryBuilder<FilesTables, 'files', O>;

/** Files that are due for one reason, in the order of the index by which they are found. */
interface Walk {
  readonly along: readonly ('deleted_at' | 'expires_at' | 'id')[];
  due<O>(query: FilesQuery<O>, times: { readonly now: number; readonly trashedBefore: number }): FilesQuery<O>;
}

const marked = (reason: PurgeReasonWord): Walk => ({
  along: ['id'],
  due: (query) => query.where('purge_reason', '=', reason),
});

const WALKS: readonly Walk[] = [
  ...(['deleted', 'abandoned', 'trash', 'expired'] as const).map(marked),
  {
    along: ['deleted_at', 'id'],
    due: (query, { trashedBefore }) => query.where('deleted_at', '<=', trashedBefore).where('purge_reason', 'is', null),
  },
  {
    along: ['expires_at', 'id'],
    due: (query, { now, trashedBefore }) =>
      query
        .where('expires_at', '<=', now)
        .where('purge_reason', 'is', null)
        .where('status', '!=', 'pending')
        // Listed as trash already.
        .where(({ eb, or }) => or([eb('deleted_at', 'is', null), eb('deleted_at', '>', trashedBefore)])),
  },
];

/** Which walk, and the values of the last row that was listed of it; none at its beginning. */
type Position = readonly [walk: number, ...behind: (string | number)[]];

/** Looked at again, under a lock, before anything is purged: so the list may be some seconds old. */
export const listPurgeable: MaintenanceVerb<'listPurgeable'> =
  ({ db, settings }) =>
  async ({ after, limit }, context) => {
    requireService(context);
    const now = await db.now();
    const most = Math.min(Math.max(limit, 1), MAX_PAGE);
    const files: Purgeable[] = [];
    let [number, ...behind]: Position = after === '' ? [0] : readPosition(after);
    for (; number < WALKS.length; number++) {
      const walk = WALKS[number] as Walk;
      const times = { now, trashedBefore: now - settings.trashRetention };
      const rows = await step({ db, walk, behind, limit: most - files.length }, times);
      for (const row of rows) {
        const reason = purgeReasonOf(row, settings, now) as PurgeReasonWord;
        files.push({ fileId: row.id, reason: fromWord(PurgeReason, reason), size: row.size });
      }
      const last = rows.at(-1);
      if (last && files.length === most) {
        const position: Position = [number, ...walk.along.map((column) => last[column] as string | number)];
        return { files, next: JSON.stringify(position) };
      }
      behind = [];
    }
    return { files, next: '' };
  };

interface Step {
  readonly db: FilesDeps['db'];
  readonly walk: Walk;
  readonly behind: readonly (string | number)[];
  readonly limit: number;
}

function step({ db, walk, behind, limit }: Step, times: Parameters<Walk['due']>[1]) {
  let query = walk.due(
    db.laggingReader
      .selectFrom('files')
      .select(['id', 'size', 'purge_reason', 'deleted_at', 'expires_at', 'status'])
      .limit(limit),
    times,
  );
  if (behind.length > 0) query = query.where(db.dialect.beyond(walk.along, '>', behind));
  for (const column of walk.along) query = query.orderBy(column);
  return query.execute();
}

function readPosition(after: string): Position {
  try {
    const [walk, ...behind] = JSON.parse(after);
    const { along } = WALKS[walk] as Walk;
    if (along.every((column, index) => typeof behind[index] === (column === 'id' ? 'string' : 'number'))) {
      return [walk, ...behind];
    }
  } catch {
    // As below.
  }
  throw new HoldfastError('invalid_cursor', 'The cursor is not one of this list. Begin at the first page.');
}
