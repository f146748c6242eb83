import type { Kysely } from 'kysely';
import { newId } from '../../../base/ids.ts';
import { preparedInsert } from '../../../base/prepared-query.ts';
import type { NewFile } from '../../../contract/holdfast/v1/file.ts';
import type { FilesDeps } from '../deps.ts';
import type { FileRow } from '../file-rows.ts';
import { changeUsage, checkQuota, lockOwner } from '../owners.ts';
import type { FilesTables, UploadsTable } from '../tables.ts';
import { checkNewFile } from './check-new-file.ts';

export interface Reservation {
  readonly ownerId: string;
  readonly file: NewFile;
  readonly kind: UploadsTable['kind'];
  /** Bytes of the quota to hold. */
  readonly hold: number;
  /** Bytes; null where unknown. */
  readonly declaredSize: number | null;
  readonly partSize: number | null;
  /** Where the bytes come to stand before and after confirm. */
  readonly keys: (ownerKey: string, fileId: string) => { readonly source: string; readonly target: string };
}

const insertFile = preparedInsert<FilesTables, 'files'>('files');
const insertUpload = preparedInsert<FilesTables, 'uploads'>('uploads');

/**
 * Begins an upload: checks what is declared, holds the quota, and inserts the file as `pending`. Every upload begins
 * here, whichever way its bytes come.
 */
export async function reserve(
  { db, settings }: Pick<FilesDeps, 'db' | 'settings'>,
  tx: Kysely<FilesTables>,
  { ownerId, file, kind, hold, declaredSize, partSize, keys }: Reservation,
  now: number,
): Promise<{ file: FileRow; upload: UploadsTable }> {
  const checked = checkNewFile(file, settings, now);
  const owner = await lockOwner(tx, db.dialect, ownerId, now);
  checkQuota(owner, hold, settings.userQuota);
  const id = newId();
  const { source, target } = keys(owner.owner_key, id);
  const row = {
    id,
    owner_id: ownerId,
    owner_key: owner.owner_key,
    ...checked,
    size: declaredSize ?? 0,
    sha256: file.sha256 ?? null,
    status: 'pending' as const,
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
    owner_id: ownerId,
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
    expires_at: now + settings.uploadExpiry,
  };
  await Promise.all([insertFile(tx, row), insertUpload(tx, upload), changeUsage(tx, ownerId, { used: 0, held: hold })]);
  return { file: row, upload };
}
