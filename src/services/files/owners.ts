import type { Kysely, Selectable } from 'kysely';
import { LRUCache } from 'lru-cache';
import { HoldfastError } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { prepared } from '../../base/prepared-query.ts';
import { formatSize } from '../../base/units.ts';
import type { Database, Dialect } from '../../drivers/database/port.ts';
import type { FilesSettings } from './deps.ts';
import type { FilesTables, OwnersTable } from './tables.ts';

export type OwnerRow = Selectable<OwnersTable>;

/** What is counted of an owner, and what for. */
export type Counted = Omit<OwnerRow, 'owner_key' | 'created_at'>;

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

/** For owners without quotas of their own; undefined: no limit. */
export type DefaultQuotas = Pick<FilesSettings, 'userQuota' | 'userMaxFiles'>;

/** What an upload takes of the quotas. */
export interface Hold {
  readonly bytes: number;
  readonly files: number;
}

const readLocked = prepared((db: Kysely<FilesTables>, { ownerId }: { readonly ownerId: string }) =>
  db.selectFrom('owners').selectAll().where('owner_id', '=', ownerId).forUpdate(),
);

/** The owner's row, locked; made where an owner is seen for the first time. */
export async function lockOwner(
  tx: Kysely<FilesTables>,
  dialect: Dialect,
  ownerId: string,
  now: number,
): Promise<OwnerRow> {
  const [found] = (await readLocked(tx, { ownerId })).rows;
  if (found) return found;
  const row: OwnerRow = { ...nothingOf(ownerId), owner_key: newId(), created_at: now };
  await dialect.insertIfAbsent(tx, 'owners', [row], ['owner_id']);
  // Another unit may have been first.
  const [made] = (await readLocked(tx, { ownerId })).rows;
  return made as OwnerRow;
}

/** Throws `quota_exceeded` or `file_quota_exceeded` unless so much more fits beside what is used and held. */
export function checkQuota(owner: OwnerRow, { bytes, files }: Hold, { userQuota, userMaxFiles }: DefaultQuotas): void {
  const quota = owner.quota ?? userQuota;
  if (quota !== undefined && owner.used + owner.held + bytes > quota) {
    const free = Math.max(0, quota - owner.used - owner.held);
    throw new HoldfastError(
      'quota_exceeded',
      `${formatSize(free)} of ${formatSize(quota)} are free. Delete files for good, or ask for a larger quota.`,
    );
  }
  const fileQuota = owner.file_quota ?? userMaxFiles;
  if (fileQuota !== undefined && files > 0 && owner.files + owner.files_held + files > fileQuota) {
    throw new HoldfastError(
      'file_quota_exceeded',
      `There is room for ${fileQuota} files, those in the trash included. Delete files for good, or ask for more.`,
    );
  }
}

const REMEMBERED = 10_000;
const keysByDatabase = new WeakMap<object, LRUCache<string, string>>();

/**
 * Keys of owners who have uploaded of late, by the owner's id, as they are committed. An owner's key never changes, so
 * that an upload can begin without asking for it.
 */
export function knownKeys(db: Database<FilesTables>): LRUCache<string, string> {
  const known = keysByDatabase.get(db) ?? new LRUCache({ max: REMEMBERED });
  keysByDatabase.set(db, known);
  return known;
}

interface OneMore {
  readonly ownerId: string;
  readonly ownerKey: string;
  readonly bytes: number;
  readonly defaultQuota: number;
  readonly defaultFiles: number;
}

const holdWhereItFits = prepared((db: Kysely<FilesTables>, values: OneMore) => {
  const { ownerId, ownerKey, bytes, defaultQuota, defaultFiles } = values;
  return db
    .updateTable('owners')
    .set((eb) => ({ held: eb('held', '+', bytes), files_held: eb('files_held', '+', 1) }))
    .where('owner_id', '=', ownerId)
    .where('owner_key', '=', ownerKey)
    .where((eb) => {
      const quota = eb.fn.coalesce('quota', eb.val(defaultQuota));
      return eb(eb('used', '+', eb.ref('held')), '<=', eb(quota, '-', bytes));
    })
    .where((eb) => {
      const quota = eb.fn.coalesce('file_quota', eb.val(defaultFiles));
      return eb(eb('files', '+', eb.ref('files_held')), '<', quota);
    });
});

/**
 * Holds one file of so many bytes for the owner who has this key. False, and nothing is held, where there is none or it
 * does not fit.
 */
export async function holdQuota(
  tx: Kysely<FilesTables>,
  owner: Pick<OwnerRow, 'owner_id' | 'owner_key'>,
  bytes: number,
  { userQuota = Number.MAX_SAFE_INTEGER, userMaxFiles = Number.MAX_SAFE_INTEGER }: DefaultQuotas,
): Promise<boolean> {
  const hold = {
    ownerId: owner.owner_id,
    ownerKey: owner.owner_key,
    bytes,
    defaultQuota: userQuota,
    defaultFiles: userMaxFiles,
  };
  return (await holdWhereItFits(tx, hold)).numAffectedRows === 1n;
}

/** Of bytes and of files. */
interface UsageChange {
  readonly used?: number;
  readonly held?: number;
  readonly files?: number;
  readonly filesHeld?: number;
}

const addUsage = prepared((db: Kysely<FilesTables>, change: Required<UsageChange> & { readonly ownerId: string }) =>
  db
    .updateTable('owners')
    .set((eb) => ({
      used: eb('used', '+', change.used),
      held: eb('held', '+', change.held),
      files: eb('files', '+', change.files),
      files_held: eb('files_held', '+', change.filesHeld),
    }))
    .where('owner_id', '=', change.ownerId),
);

/** Changes what an owner uses and holds. */
export async function changeUsage(
  tx: Kysely<FilesTables>,
  ownerId: string,
  { used = 0, held = 0, files = 0, filesHeld = 0 }: UsageChange,
): Promise<void> {
  if (used === 0 && held === 0 && files === 0 && filesHeld === 0) return;
  await addUsage(tx, { ownerId, used, held, files, filesHeld });
}
