import type { Kysely } from 'kysely';
import { HoldfastError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import { preparedInsert } from '../../../base/prepared-query.ts';
import type { NewFile } from '../../../contract/holdfast/v1/file.ts';
import type { FilesDeps } from '../deps.ts';
import type { FileRow } from '../file-rows.ts';
import { changeUsage, checkQuota, holdQuota, knownKeys, lockOwner, type OwnerRow } from '../owners.ts';
import type { FilesTables, UploadsTable } from '../tables.ts';
import { type CheckedFile, checkNewFile } from './check-new-file.ts';

export interface Reservation {
  readonly ownerId: string;
  readonly file: NewFile;
  readonly kind: UploadsTable['kind'];
  /** Bytes of the quota to hold, beside one file. */
  readonly hold: number;
  /** Bytes; null where unknown. */
  readonly declaredSize: number | null;
  readonly partSize: number | null;
  /** Where the bytes come to stand before and after confirm. */
  readonly keys: (ownerKey: string, fileId: string) => { readonly source: string; readonly target: string };
}

/** One whose declaration is checked, under an id that is new. */
export interface CheckedReservation extends Omit<Reservation, 'ownerId'> {
  readonly id: string;
  readonly checked: CheckedFile;
}

export interface Reserved {
  readonly file: FileRow;
  readonly upload: UploadsTable;
}

type Deps = Pick<FilesDeps, 'db' | 'settings'>;

const insertFile = preparedInsert<FilesTables, 'files'>('files');
const insertUpload = preparedInsert<FilesTables, 'uploads'>('uploads');

/**
 * Begins an upload: checks what is declared, holds the quota, and inserts the file as `pending`. Every upload begins
 * here, whichever way its bytes come.
 *
 * The owner's row comes last: all uploads of an owner wait for it, from there until the commit.
 */
export async function reserve(
  deps: Deps,
  tx: Kysely<FilesTables>,
  { ownerId, ...reservation }: Reservation,
  now: number,
): Promise<Reserved> {
  const { db, settings } = deps;
  const checked = checkNewFile(reservation.file, settings, now);
  const one: CheckedReservation = { ...reservation, id: newId(), checked };
  const known = knownKeys(db);
  const ownerKey = known.get(ownerId);
  if (ownerKey === undefined) {
    const [reserved] = await reserveChecked(deps, tx, ownerId, [one], now);
    if (reserved instanceof HoldfastError) throw reserved;
    return reserved as Reserved;
  }

  const reserved = rowsOf({ owner_id: ownerId, owner_key: ownerKey }, one, now, settings.uploadExpiry);
  const inserted = insert(tx, [reserved]);
  const [isHeld] = await Promise.all([holdQuota(tx, reserved.file, one.hold, settings), inserted]);
  if (isHeld) return reserved;
  // From here on the owner's key is asked for, so that who is at the end of the quota is refused before anything is
  // written. Whether it fits after all is for the locked row to say.
  known.delete(ownerId);
  const owner = await lockOwner(tx, db.dialect, ownerId, now);
  checkQuota(owner, { bytes: one.hold, files: 1 }, settings);
  if (owner.owner_key !== ownerKey) throw new Error('The key of an owner has changed.');
  await changeUsage(tx, ownerId, { held: one.hold, filesHeld: 1 });
  return reserved;
}

/**
 * Begins uploads of one owner, each by itself: what does not fit into the quota beside those before it is answered with
 * the error, and leaves its room to those after it.
 */
export async function reserveChecked(
  { db, settings }: Deps,
  tx: Kysely<FilesTables>,
  ownerId: string,
  reservations: readonly CheckedReservation[],
  now: number,
): Promise<(Reserved | HoldfastError)[]> {
  const owner = await lockOwner(tx, db.dialect, ownerId, now);
  let held = 0;
  let filesHeld = 0;
  const results = reservations.map((reservation) => {
    try {
      checkQuota(owner, { bytes: held + reservation.hold, files: filesHeld + 1 }, settings);
    } catch (error) {
      if (error instanceof HoldfastError) return error;
      throw error;
    }
    held += reservation.hold;
    filesHeld += 1;
    return rowsOf(owner, reservation, now, settings.uploadExpiry);
  });
  const reserved = results.filter((result): result is Reserved => !(result instanceof HoldfastError));
  await Promise.all([insert(tx, reserved), changeUsage(tx, ownerId, { held, filesHeld })]);
  return results;
}

function rowsOf(
  owner: Pick<OwnerRow, 'owner_id' | 'owner_key'>,
  { id, file, checked, kind, hold, declaredSize, partSize, keys }: CheckedReservation,
  now: number,
  uploadExpiry: number,
): Reserved {
  const { source, target } = keys(owner.owner_key, id);
  const row: FileRow = {
    id,
    owner_id: owner.owner_id,
    owner_key: owner.owner_key,
    ...checked,
    size: declaredSize ?? 0,
    sha256: file.sha256 ?? null,
    status: 'pending',
    object_key: null,
    jobs_total: 0,
    jobs_finished: 0,
    jobs_failed: 0,
    attempts: 0,
    apart: 0,
    sequence: 0,
    created_at: now,
    updated_at: now,
    uploaded_at: null,
    deleted_at: null,
    purge_reason: null,
  };
  const upload: UploadsTable = {
    file_id: id,
    owner_id: owner.owner_id,
    kind,
    source_key: source,
    target_key: target,
    declared_size: declaredSize,
    declared_sha256: file.sha256 ?? null,
    declared_type: row.content_type,
    held: hold,
    multipart_id: null,
    part_size: partSize,
    state: 'open',
    lease_token: null,
    lease_until: null,
    created_at: now,
    expires_at: now + uploadExpiry,
  };
  return { file: row, upload };
}

/** Rows that one statement inserts: databases limit how many values it may have. */
const AT_ONCE = 100;

async function insert(tx: Kysely<FilesTables>, reserved: readonly Reserved[]): Promise<void> {
  const [only] = reserved;
  if (only && reserved.length === 1) {
    await Promise.all([insertFile(tx, only.file), insertUpload(tx, only.upload)]);
    return;
  }
  for (let first = 0; first < reserved.length; first += AT_ONCE) {
    const some = reserved.slice(first, first + AT_ONCE);
    await tx
      .insertInto('files')
      .values(some.map(({ file }) => file))
      .execute();
    await tx
      .insertInto('uploads')
      .values(some.map(({ upload }) => upload))
      .execute();
  }
}
