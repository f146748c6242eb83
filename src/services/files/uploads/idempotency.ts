import type { Kysely, Selectable } from 'kysely';
import { HoldfastError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import type { Dialect } from '../../../drivers/database/port.ts';
import { ownerOf } from '../access.ts';
import type { UploadVerb } from '../deps.ts';
import { type FileRow, lockedFileRow } from '../file-rows.ts';
import { markForPurge } from '../purge.ts';
import type { FilesTables, IdempotencyKeysTable } from '../tables.ts';

/** How long an answer is kept, in milliseconds. */
const KEEP = 24 * 3600_000;
/** How long a claim holds without being claimed again by the same request. */
const LEASE = 60_000;
/** Rows that one statement inserts. */
const AT_ONCE = 100;

export const claimIdempotencyKey: UploadVerb<'claimIdempotencyKey'> =
  ({ db }) =>
  async (request, context) => {
    const ownerId = ownerOf(context, request.ownerId);
    const now = await db.now();
    return db.unit(async (tx) => {
      const fresh = freshKey(ownerId, request.key, now);
      const row = await lockKey(tx, db.dialect, fresh, now);
      if (row.id !== fresh.id) {
        if (row.answer !== null) return { id: row.id, fingerprint: row.fingerprint ?? '', answer: row.answer };
        if (row.lease_until > now) throw inFlight(row.lease_until - now);
        // Its request died before it could answer: this one takes it up, with the files that it left.
        await tx
          .updateTable('idempotency_keys')
          .set({ lease_until: now + LEASE })
          .where('id', '=', row.id)
          .execute();
        return { id: row.id };
      }
      return { id: row.id };
    });
  };

export const freshKey = (ownerId: string, key: string, now: number): Selectable<IdempotencyKeysTable> => ({
  id: newId(),
  owner_id: ownerId,
  idempotency_key: key,
  fingerprint: null,
  answer: null,
  lease_until: now + LEASE,
  expires_at: now + KEEP,
});

/** `wait`: milliseconds. */
export const inFlight = (wait = 1000): HoldfastError =>
  new HoldfastError('idempotency_in_flight', 'A request with this idempotency key is still being answered.', {
    retryAfter: Math.ceil(wait / 1000),
  });

/** The owner's row of this key, locked: the one that is there, unless it has expired, or otherwise `fresh`. */
export async function lockKey(
  tx: Kysely<FilesTables>,
  dialect: Dialect,
  fresh: Selectable<IdempotencyKeysTable>,
  now: number,
): Promise<Selectable<IdempotencyKeysTable>> {
  const query = tx
    .selectFrom('idempotency_keys')
    .selectAll()
    .where('owner_id', '=', fresh.owner_id)
    .where('idempotency_key', '=', fresh.idempotency_key)
    .forUpdate();
  const found = await query.executeTakeFirst();
  if (found && found.expires_at > now) return found;
  if (found) await removeKey(tx, found.id);
  await dialect.insertIfAbsent(tx, 'idempotency_keys', [fresh], ['owner_id', 'idempotency_key']);
  // Another request may have been first.
  return query.executeTakeFirstOrThrow();
}

export const extendIdempotencyKey: UploadVerb<'extendIdempotencyKey'> =
  ({ db }) =>
  async ({ ownerId, id }, context) => {
    const owner = ownerOf(context, ownerId);
    const now = await db.now();
    await db.unit((tx) =>
      tx
        .updateTable('idempotency_keys')
        .set({ lease_until: now + LEASE })
        .where('id', '=', id)
        .where('owner_id', '=', owner)
        .where('answer', 'is', null)
        .execute(),
    );
    return {};
  };

export const settleIdempotencyKey: UploadVerb<'settleIdempotencyKey'> =
  ({ db }) =>
  async ({ ownerId, id, fingerprint, answer }, context) => {
    const owner = ownerOf(context, ownerId);
    await db.unit(async (tx) => {
      const row = await tx
        .selectFrom('idempotency_keys')
        .select(['owner_id', 'answer'])
        .where('id', '=', id)
        .forUpdate()
        .executeTakeFirst();
      if (row?.owner_id !== owner || row.answer !== null) return;
      if (answer === undefined) await releaseKey(tx, id);
      else await tx.updateTable('idempotency_keys').set({ fingerprint, answer }).where('id', '=', id).execute();
    });
    return {};
  };

/**
 * Frees the key of a request that failed. Whoever failed may not know whether its files were confirmed: where one of them
 * was, or still may be, the key is taken up with them by the next request, so that no file comes to be twice.
 */
async function releaseKey(tx: Kysely<FilesTables>, id: string): Promise<void> {
  const left = await tx
    .selectFrom('idempotency_files')
    .innerJoin('files', 'files.id', 'idempotency_files.file_id')
    .select('files.id')
    .where('idempotency_files.idempotency_id', '=', id)
    .where('files.purge_reason', 'is', null)
    .limit(1)
    .executeTakeFirst();
  if (left) await tx.updateTable('idempotency_keys').set({ lease_until: 0 }).where('id', '=', id).execute();
  else await removeKey(tx, id);
}

/** Removes a key with what it knows. False where it was gone. */
export async function removeKey(tx: Kysely<FilesTables>, id: string): Promise<boolean> {
  await tx.deleteFrom('idempotency_files').where('idempotency_id', '=', id).execute();
  const { numDeletedRows } = await tx.deleteFrom('idempotency_keys').where('id', '=', id).executeTakeFirst();
  return numDeletedRows > 0n;
}

interface Part {
  readonly idempotencyId: string;
  readonly part: number;
}

/**
 * The file that this part became in an earlier request with the same key, when it was confirmed. One that was not is
 * given up, and the part begins anew.
 */
export async function claimedFile(
  tx: Kysely<FilesTables>,
  { ownerId, idempotencyId, part }: Part & { readonly ownerId: string },
  now: number,
): Promise<FileRow | undefined> {
  // Two requests may believe that they hold the key, when one of them was held up: one after the other, then.
  const key = tx
    .selectFrom('idempotency_keys')
    .select('id')
    .where('id', '=', idempotencyId)
    .where('owner_id', '=', ownerId);
  if (!(await key.forUpdate().executeTakeFirst())) return undefined;
  const known = await tx
    .selectFrom('idempotency_files')
    .select('file_id')
    .where('idempotency_id', '=', idempotencyId)
    .where('part', '=', part)
    .executeTakeFirst();
  const file = known && (await lockedFileRow(tx, known.file_id));
  if (!file || file.owner_id !== ownerId || file.purge_reason !== null) return undefined;
  if (file.status !== 'pending') return file;
  await markForPurge(tx, file.id, 'abandoned', now);
  return undefined;
}

export async function noteFile(
  tx: Kysely<FilesTables>,
  { idempotencyId, part, fileId }: Part & { readonly fileId: string },
): Promise<void> {
  await tx
    .deleteFrom('idempotency_files')
    .where('idempotency_id', '=', idempotencyId)
    .where('part', '=', part)
    .execute();
  await tx.insertInto('idempotency_files').values({ idempotency_id: idempotencyId, part, file_id: fileId }).execute();
}

/** Those that a request reserved together, each by its place in it. Throws `idempotency_in_flight` where the key is gone. */
export async function noteFiles(
  tx: Kysely<FilesTables>,
  idempotencyId: string,
  files: readonly { readonly part: number; readonly fileId: string }[],
): Promise<void> {
  const key = tx.selectFrom('idempotency_keys').select('id').where('id', '=', idempotencyId).forUpdate();
  if (!(await key.executeTakeFirst())) throw inFlight();
  for (let first = 0; first < files.length; first += AT_ONCE) {
    const rows = files
      .slice(first, first + AT_ONCE)
      .map(({ part, fileId }) => ({ idempotency_id: idempotencyId, part, file_id: fileId }));
    await tx.insertInto('idempotency_files').values(rows).execute();
  }
}

/** Gives up the uploads that a request left; those that were confirmed stay. */
export async function abandonNotedFiles(tx: Kysely<FilesTables>, idempotencyId: string, now: number): Promise<void> {
  const left = await tx
    .selectFrom('idempotency_files')
    .select('file_id')
    .where('idempotency_id', '=', idempotencyId)
    .execute();
  for (const { file_id } of left) {
    const file = await lockedFileRow(tx, file_id);
    if (file?.status === 'pending') await markForPurge(tx, file.id, 'abandoned', now);
  }
}
