import type { Kysely, Selectable } from 'kysely';
import type { FilesDeps } from '../deps.ts';
import { appendEvents } from '../events/append.ts';
import type { FileRow } from '../file-rows.ts';
import { insertJobs, type JobRow } from '../job-rows.ts';
import { changeUsage } from '../owners.ts';
import type { FilesTables, UploadsTable } from '../tables.ts';

/** What is known of the bytes once they are whole. */
export interface Evidence {
  readonly size: number;
  /** Null: not hashed yet; a job does it. */
  readonly sha256: string | null;
  readonly contentType: string;
}

/**
 * The one transaction that makes a file `uploaded`: the row, what it uses of the quota, its jobs, and the event.
 * Every upload ends here, whichever way its bytes came. The caller holds the row and has checked that it is pending.
 */
export async function completeUpload(
  { catalog }: Pick<FilesDeps, 'catalog'>,
  tx: Kysely<FilesTables>,
  { file, upload }: { readonly file: FileRow; readonly upload: Selectable<UploadsTable> },
  { size, sha256, contentType }: Evidence,
  now: number,
): Promise<{ file: FileRow; jobs: JobRow[] }> {
  const jobs = await insertJobs(tx, file, catalog.presetsFor(contentType), { counted: true, now });
  const sequence = await appendEvents(
    tx,
    file,
    [{ type: 'file.uploaded', data: { name: file.name, folder: file.folder, size, contentType } }],
    now,
  );
  const changes = {
    status: 'uploaded',
    // Where it came as declared, its index is left alone.
    ...(size !== file.size && { size }),
    sha256,
    content_type: contentType,
    object_key: upload.target_key,
    jobs_total: jobs.length,
    sequence,
    updated_at: now,
    uploaded_at: now,
  } as const;
  await tx.updateTable('files').set(changes).where('id', '=', file.id).execute();
  await tx.deleteFrom('uploads').where('file_id', '=', file.id).execute();
  await changeUsage(tx, file.owner_id, { used: size, held: -upload.held });
  return { file: { ...file, ...changes }, jobs };
}
