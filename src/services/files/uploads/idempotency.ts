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

export const claimIdempotencyKey: UploadVerb<'claimIdempotencyKey'> =
  ({ db }) =>
  async (request, context) => {
    const ownerId = ownerOf(context, request.ownerId);
    const now = await db.now();
    return db.unit(async (tx) => {
      const fresh = {
        id: newId(),
        owner_id: ownerId,
        idempotency_key: request.key,
        fingerprint: null,
        answer: null,
        lease_until: now + LEASE,
        expires_at: now + KEEP,
      };
      const row = await lockKey(tx, db.dialect, fresh, now);
      if (row.id !== fresh.id) {
        if (row.answer !== null) return { id: row.id, fingerprint: row.fingerprint ?? '', answer: row.answer };
        if (row.lease_until > now) {
          throw new HoldfastError(
            'idempotency_in_flight',
            'A request with this Idempotency-Key is still being answered.',
            {
              retryAfter: Math.ceil((row.lease_until - now) / 1000),
            },
          );
        }
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

/** The owner's row of this key, locked: the one that is there, unless it has expired, or otherwise `fresh`. */
async function lockKey(
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
  if (found) await forget(tx, found.id);
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
      if (answer === undefined) await forget(tx, id);
      else await tx.updateTable('idempotency_keys').set({ fingerprint, answer }).where('id', '=', id).execute();
    });
    return {};
  };

async function forget(tx: Kysely<FilesTables>, id: string): Promise<void> {
  await tx.deleteFrom('idempotency_files').where('idempotency_id', '=', id).execute();
  await tx.deleteFrom('idempotency_keys').where('id', '=', id).execute();
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
