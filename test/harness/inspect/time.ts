import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type Installation, withDatabase } from '../inspect.ts';
import { storeFolder } from './store.ts';

/** Columns that say when something ends or begins, by what it is for. */
const TIMES: Readonly<Record<string, readonly string[]>> = {
  uploads: ['lease_until', 'created_at', 'expires_at'],
  idempotency_keys: ['lease_until', 'expires_at'],
  processing_jobs: ['lease_until', 'due_at', 'announce_at'],
  files_leases: ['lease_until'],
  files: ['deleted_at', 'expires_at'],
  object_marks: ['marked_at'],
};

/**
 * Lets time pass for a stack that is stopped, as if it were started that much later. What S3 itself keeps the time of,
 * the age of a multipart upload, stays as it is.
 */
export async function passTime(at: Installation, milliseconds: number): Promise<void> {
  const folder = storeFolder(at);
  await withDatabase(at, async ({ run }) => {
    for (const [table, columns] of Object.entries(TIMES)) {
      const changes = columns.map((column) => `${column} = ${column} - ${milliseconds}`);
      await run(`UPDATE ${table} SET ${changes.join(', ')}`);
    }
    // How old a multipart upload on disk is tells its id alone.
    const uploads = folder && join(folder, 'uploads');
    for (const name of uploads ? await readdir(uploads) : []) {
      const [id = '', ...key] = name.split('~');
      const older = olderId(id, milliseconds);
      await rename(join(uploads as string, name), join(uploads as string, [older, ...key].join('~')));
      await run('UPDATE uploads SET multipart_id = ? WHERE multipart_id = ?', [older, id]);
    }
  });
}

/** The same for one file alone, of a stack that runs. A multipart upload of it stays as old as it is. */
export const ageFile = (at: Installation, fileId: string, milliseconds: number): Promise<void> =>
  withDatabase(at, async ({ run }) => {
    for (const [table, key] of [['files', 'id'] as const, ['uploads', 'file_id'] as const]) {
      const changes = TIMES[table]?.map((column) => `${column} = ${column} - ${milliseconds}`) ?? [];
      await run(`UPDATE ${table} SET ${changes.join(', ')} WHERE ${key} = ?`, [fileId]);
    }
  });

/** The id as it were had it been made earlier: a UUIDv7 begins with the time (RFC 9562, 5.7). */
function olderId(id: string, milliseconds: number): string {
  const time = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) - milliseconds;
  const hex = time.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}${id.slice(13)}`;
}
