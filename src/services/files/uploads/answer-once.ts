import { hash } from 'node:crypto';
import type { CallContext } from '../../../base/context.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { isIdempotencyKey } from '../../../base/idempotency-key.ts';
import { newId } from '../../../base/ids.ts';
import type {
  ErrorStatus,
  GenerateUploadURLsRequest,
  GenerateUploadURLsResponse,
  NewFile,
} from '../../../contract/holdfast/v1/file.ts';
import type { FilesDeps } from '../deps.ts';
import { invalidField } from '../invalid.ts';
import { abandonNotedFiles, freshKey, inFlight, lockKey, removeKey } from './idempotency.ts';

/** What an earlier request with the same key came to, file by file of it. */
export interface EarlierAnswer {
  /** The row of the key, which knows the files that were reserved. */
  readonly id: string;
  /** Of those that were not, by their place in the request. */
  readonly errors: Readonly<Record<number, ErrorStatus>>;
}

export interface HeldKey {
  readonly id: string;
}

/**
 * Takes the key of a request, or answers what the same request came to before. Throws `idempotency_mismatch` for another
 * request, and `idempotency_in_flight` while one is being answered. What a request left that died before it was answered
 * is given up, and this one begins anew, under a key of its own: the dead one, if it wakes, finds that its key is gone.
 */
export async function takeKey(
  { db }: Pick<FilesDeps, 'db'>,
  ownerId: string,
  { idempotencyKey, files }: GenerateUploadURLsRequest,
  context: CallContext,
): Promise<HeldKey | EarlierAnswer> {
  if (idempotencyKey === undefined || !isIdempotencyKey(idempotencyKey)) {
    throw invalidField('idempotency_key', 'A key is 1 to 255 visible ASCII characters.');
  }
  const now = await db.now();
  const fingerprint = fingerprintOf(files);
  const fresh = { ...freshKey(ownerId, keyOf(context, idempotencyKey), now), fingerprint };
  return db.unit(async (tx) => {
    const row = await lockKey(tx, db.dialect, fresh, now);
    if (row.id === fresh.id) return { id: row.id };
    if (row.fingerprint !== fingerprint) {
      throw new HoldfastError('idempotency_mismatch', 'This idempotency key was used for another request.');
    }
    if (row.answer !== null) return { id: row.id, errors: JSON.parse(row.answer) };
    if (row.lease_until > now) throw inFlight(row.lease_until - now);
    await abandonNotedFiles(tx, row.id, now);
    await removeKey(tx, row.id);
    const next = { ...fresh, id: newId() };
    await tx.insertInto('idempotency_keys').values(next).execute();
    return { id: next.id };
  });
}

/**
 * Keeps what the request came to; frees the key where no file was reserved. Throws `idempotency_in_flight` where another
 * took over in the meantime, because this one was away for too long.
 */
export async function settleKey(
  { db }: Pick<FilesDeps, 'db'>,
  { id }: HeldKey,
  results: GenerateUploadURLsResponse['results'],
): Promise<void> {
  const errors = Object.fromEntries(results.flatMap(({ error }, place) => (error ? [[place, error]] : [])));
  const isAllFailed = results.every(({ error }) => error);
  const isHeld = await db.unit(async (tx) => {
    if (isAllFailed) return removeKey(tx, id);
    const { numUpdatedRows } = await tx
      .updateTable('idempotency_keys')
      .set({ answer: JSON.stringify(errors) })
      .where('id', '=', id)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  });
  if (!isHeld) throw inFlight();
}

export const freeKey = ({ db }: Pick<FilesDeps, 'db'>, { id }: HeldKey): Promise<unknown> =>
  db.unit((tx) => removeKey(tx, id));

/** Callers do not share keys, with each other or with HTTP, whose keys hold no blank. */
const keyOf = ({ principal }: CallContext, key: string): string => {
  const caller = principal.kind === 'service' ? principal.name : '';
  return `urls ${hash('sha256', `${caller}\n${key}`)}`;
};

/** The same for the same files, in whatever order their metadata came. */
const fingerprintOf = (files: readonly NewFile[]): string => hash('sha256', JSON.stringify(files.map(describe)));

const describe = ({ name, folder, contentType, size, sha256, metadata, visibility, expiresAt }: NewFile): unknown => [
  name,
  folder,
  contentType,
  size,
  sha256 ?? null,
  Object.entries(metadata).toSorted(([one], [other]) => (one < other ? -1 : 1)),
  visibility,
  expiresAt?.getTime() ?? null,
];
