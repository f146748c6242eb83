import type { Kysely, Selectable } from 'kysely';
import { LRUCache } from 'lru-cache';
import { HoldfastError } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { prepared } from '../../base/prepared-query.ts';
import { formatSize } from '../../base/units.ts';
import type { Database, Dialect } from '../../drivers/database/port.ts';
import type { FilesTables, OwnersTable } from './tables.ts';

export type OwnerRow = Selectable<OwnersTable>;

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
  const row: OwnerRow = { owner_id: ownerId, owner_key: newId(), quota: null, used: 0, held: 0, created_at: now };
  await dialect.insertIfAbsent(tx, 'owners', [row], ['owner_id']);
  // Another unit may have been first.
  const [made] = (await readLocked(tx, { ownerId })).rows;
  return made as OwnerRow;
}

/** Throws `quota_exceeded` unless `bytes` more fit beside what is used and held. */
export function checkQuota(owner: OwnerRow, bytes: number, defaultQuota: number | undefined): void {
  const quota = owner.quota ?? defaultQuota;
  if (quota === undefined || owner.used + owner.held + bytes <= quota) return;
  const free = Math.max(0, quota - owner.used - owner.held);
  throw new HoldfastError(
    'quota_exceeded',
    `${formatSize(free)} of ${formatSize(quota)} are free. Delete files for good, or ask for a larger quota.`,
  );
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

interface QuotaHold {
  readonly ownerId: string;
  readonly ownerKey: string;
  readonly bytes: number;
  readonly defaultQuota: number;
}

const holdWhereItFits = prepared((db: Kysely<FilesTables>, { ownerId, ownerKey, bytes, defaultQuota }: QuotaHold) =>
  db
    .updateTable('owners')
    .set((eb) => ({ held: eb('held', '+', bytes) }))
    .where('owner_id', '=', ownerId)
    .where('owner_key', '=', ownerKey)
    .where((eb) => {
      const quota = eb.fn.coalesce('quota', eb.val(defaultQuota));
      return eb(eb('used', '+', eb.ref('held')), '<=', eb(quota, '-', bytes));
    }),
);

/** Holds bytes for the owner who has this key. False, and nothing is held, where there is none or they do not fit. */
export async function holdQuota(
  tx: Kysely<FilesTables>,
  owner: Pick<OwnerRow, 'owner_id' | 'owner_key'>,
  bytes: number,
  defaultQuota = Number.MAX_SAFE_INTEGER,
): Promise<boolean> {
  const hold = { ownerId: owner.owner_id, ownerKey: owner.owner_key, bytes, defaultQuota };
  return (await holdWhereItFits(tx, hold)).numAffectedRows === 1n;
}

interface UsageChange {
  readonly used: number;
  readonly held: number;
}

const addUsage = prepared(
  (db: Kysely<FilesTables>, { ownerId, used, held }: UsageChange & { readonly ownerId: string }) =>
    db
      .updateTable('owners')
      .set((eb) => ({ used: eb('used', '+', used), held: eb('held', '+', held) }))
      .where('owner_id', '=', ownerId),
);

/** Changes what an owner uses and holds, by bytes. */
export async function changeUsage(
  tx: Kysely<FilesTables>,
  ownerId: string,
  { used, held }: UsageChange,
): Promise<void> {
  if (used !== 0 || held !== 0) await addUsage(tx, { ownerId, used, held });
}
