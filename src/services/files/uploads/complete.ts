import type { Kysely, Selectable } from 'kysely';
import { prepared } from '../../../base/prepared-query.ts';
import type { FilesDeps } from '../deps.ts';
import { appendEvents } from '../events/append.ts';
import type { FileRow } from '../file-rows.ts';
import { insertJobs, type JobRow, newJobs } from '../job-rows.ts';
import { changeUsage } from '../owners.ts';
import type { FilesTables, UploadsTable } from '../tables.ts';

/** What is known of the bytes once they are whole. */
export interface Evidence {
  readonly size: number;
  /** Null: not hashed yet; a job does it. */
  readonly sha256: string | null;
  readonly contentType: string;
}

/** The file or the upload is not as it was read any more. */
export class Changed extends Error {}

type Completion = Pick<
  FileRow,
  'id' | 'status' | 'sha256' | 'content_type' | 'object_key' | 'jobs_total' | 'sequence' | 'updated_at' | 'uploaded_at'
> & { readonly read: number };

/** Whatever changes a file that is pending counts its events on, or marks it for purging. */
const writeCompletion = prepared((db: Kysely<FilesTables>, row: Completion) =>
  db
    .updateTable('files')
    .set({
      status: row.status,
      sha256: row.sha256,
      content_type: row.content_type,
      object_key: row.object_key,
      jobs_total: row.jobs_total,
      sequence: row.sequence,
      updated_at: row.updated_at,
      uploaded_at: row.uploaded_at,
    })
    .where('id', '=', row.id)
    .where('status', '=', 'pending')
    .where('sequence', '=', row.read)
    .where('purge_reason', 'is', null),
);

const writeSize = prepared((db: Kysely<FilesTables>, { id, size }: Pick<FileRow, 'id' | 'size'>) =>
  db.updateTable('files').set({ size }).where('id', '=', id),
);

const removeUpload = prepared(
  (db: Kysely<FilesTables>, { file_id, state, held }: Pick<UploadsTable, 'file_id' | 'state' | 'held'>) =>
    db.deleteFrom('uploads').where('file_id', '=', file_id).where('state', '=', state).where('held', '=', held),
);

/**
 * The one transaction that makes a file `uploaded`: the row, what it uses of the quota, its jobs, and the event.
 * Every upload ends here, whichever way its bytes came. The caller has checked that the file is pending; where it does
 * not hold the rows, `Changed` is thrown if somebody else has changed them.
 */
export async function completeUpload(
  { catalog }: Pick<FilesDeps, 'catalog'>,
  tx: Kysely<FilesTables>,
  { file, upload }: { readonly file: FileRow; readonly upload: Selectable<UploadsTable> },
  { size, sha256, contentType }: Evidence,
  now: number,
): Promise<{ file: FileRow; jobs: JobRow[] }> {
  const data = { name: file.name, folder: file.folder, size, contentType };
  const events = [{ type: 'file.uploaded', data }] as const;
  const jobs = newJobs(file, catalog.presetsFor(contentType), { counted: true, now });
  const changes = {
    status: 'uploaded',
    sha256,
    content_type: contentType,
    object_key: upload.target_key,
    jobs_total: jobs.length,
    sequence: file.sequence + events.length,
    updated_at: now,
    uploaded_at: now,
  } as const;
  // All at once, and the owner's row last.
  const [completed, removed] = await Promise.all([
    writeCompletion(tx, { ...changes, id: file.id, read: file.sequence }),
    removeUpload(tx, upload),
    // Where it came as declared, its index is left alone.
    size !== file.size && writeSize(tx, { id: file.id, size }),
    insertJobs(tx, jobs),
    appendEvents(tx, file, events, now),
    changeUsage(tx, file.owner_id, { used: size, held: -upload.held, files: 1, filesHeld: -1 }),
  ]);
  if (completed.numAffectedRows !== 1n || removed.numAffectedRows !== 1n) throw new Changed();
  return { file: { ...file, ...changes, size }, jobs };
}
