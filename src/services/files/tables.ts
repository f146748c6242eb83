import type { WordOf } from '../../base/enum-words.ts';
import type { FileStatus, JobState, UploadKind, Visibility } from '../../contract/holdfast/v1/file.ts';
import type { LeaseRow } from '../../outbox/leases.ts';
import type { OutboxRow } from '../../outbox/outbox.ts';

/** Times are milliseconds since 1970 UTC, booleans 0 or 1, JSON is text. */

export interface OwnersTable {
  owner_id: string;
  /** Stands for the owner in keys, so that an opaque owner id never has to be one. */
  owner_key: string;
  /** Bytes; null: the default of the settings. */
  quota: number | null;
  /** Bytes of confirmed files, trash included. */
  used: number;
  /** Bytes held for uploads under way. */
  held: number;
  /** Files; null: the default of the settings. */
  file_quota: number | null;
  /** Confirmed files, trash included. */
  files: number;
  /** Uploads under way. */
  files_held: number;
  created_at: number;
}

export type PurgeReasonWord = 'deleted' | 'abandoned' | 'trash' | 'expired';

export interface FilesTable {
  id: string;
  owner_id: string;
  owner_key: string;
  name: string;
  /** The name in lower case: what is searched and sorted by. */
  name_key: string;
  folder: string;
  content_type: string;
  size: number;
  sha256: string | null;
  metadata: string;
  status: WordOf<typeof FileStatus>;
  visibility: WordOf<typeof Visibility>;
  /** Null until confirmed. */
  object_key: string | null;
  jobs_total: number;
  jobs_finished: number;
  jobs_failed: number;
  /** How often jobs were claimed: makes the keys of variants unique. */
  attempts: number;
  /** A child crashed on this file: run its jobs one to a child. */
  apart: number;
  /** Number of the last event. */
  sequence: number;
  created_at: number;
  updated_at: number;
  uploaded_at: number | null;
  deleted_at: number | null;
  expires_at: number | null;
  /** Set: nothing brings the file back, and nobody sees it any more. */
  purge_reason: PurgeReasonWord | null;
}

export interface UploadsTable {
  file_id: string;
  owner_id: string;
  kind: WordOf<typeof UploadKind>;
  /** Where the bytes come to stand before confirm. */
  source_key: string;
  /** Where they stand after it; the same where the source is never signed. */
  target_key: string;
  /** Bytes; null where unknown. */
  declared_size: number | null;
  declared_sha256: string | null;
  declared_type: string;
  held: number;
  multipart_id: string | null;
  part_size: number | null;
  state: 'open' | 'confirming';
  lease_token: string | null;
  lease_until: number | null;
  created_at: number;
  expires_at: number;
}

export interface IdempotencyKeysTable {
  id: string;
  owner_id: string;
  idempotency_key: string;
  fingerprint: string | null;
  /** Null while the request is being answered. */
  answer: string | null;
  lease_until: number;
  expires_at: number;
}

/** Which file a part of a request with an Idempotency-Key became, so that a request that died is taken up again. */
export interface IdempotencyFilesTable {
  idempotency_id: string;
  part: number;
  file_id: string;
}

export interface FileVariantsTable {
  file_id: string;
  type: string;
  object_key: string;
  content_type: string;
  size: number;
  width: number;
  height: number;
  sha256: string;
  created_at: number;
}

export interface ProcessingJobsTable {
  id: string;
  file_id: string;
  owner_id: string;
  type: string;
  processor: string;
  options: string;
  /** Whether it counts in the file's `processing`: presets do, requests do not. */
  counted: number;
  state: WordOf<typeof JobState>;
  /** Starts that count against MAX_RETRIES. */
  attempt: number;
  /** Leases lost: counted apart. */
  losses: number;
  /** Not before this time. */
  due_at: number;
  /** The news of it is not sent again before this time. */
  announce_at: number;
  lease_token: string | null;
  lease_until: number | null;
  code: string | null;
  reason: string | null;
  created_at: number;
  updated_at: number;
}

export interface FilesOutboxTable extends OutboxRow {
  file_id: string;
  owner_id: string;
  sequence: number;
}

/** Objects that no row referred to when the janitor looked. */
export interface ObjectMarksTable {
  object_key: string;
  marked_at: number;
}

export interface FilesInstallationTable {
  id: string;
  created_at: number;
}

export interface FilesTables {
  owners: OwnersTable;
  files: FilesTable;
  uploads: UploadsTable;
  idempotency_keys: IdempotencyKeysTable;
  idempotency_files: IdempotencyFilesTable;
  file_variants: FileVariantsTable;
  processing_jobs: ProcessingJobsTable;
  files_outbox: FilesOutboxTable;
  files_leases: LeaseRow;
  object_marks: ObjectMarksTable;
  files_installation: FilesInstallationTable;
}
