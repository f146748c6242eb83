import type { Kysely, Selectable } from 'kysely';
import { HoldfastError } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { prepared } from '../../base/prepared-query.ts';
import { formatSize } from '../../base/units.ts';
import type { Dialect } from '../../drivers/database/port.ts';
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
