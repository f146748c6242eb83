import type { Kysely, Selectable } from 'kysely';
import { fromWord } from '../../base/enum-words.ts';
import { prepared } from '../../base/prepared-query.ts';
import {
  type File,
  FileStatus,
  type Processing,
  ProcessingState,
  type Variant,
  Visibility,
} from '../../contract/holdfast/v1/file.ts';
import { checkId, notFound } from './access.ts';
import type { FilesTable, FilesTables, FileVariantsTable } from './tables.ts';

export type FileRow = Selectable<FilesTable>;

const date = (ms: number | null): Date | undefined => (ms === null ? undefined : new Date(ms));

export function processingOf(file: Pick<FileRow, 'jobs_total' | 'jobs_finished' | 'jobs_failed'>): Processing {
  const { jobs_total: total, jobs_finished: finished, jobs_failed: failed } = file;
  const state =
    total === 0
      ? ProcessingState.NONE
      : finished + failed < total
        ? ProcessingState.RUNNING
        : failed > 0
          ? ProcessingState.FAILED
          : ProcessingState.DONE;
  return { state, total, finished, failed };
}

const toVariant = (row: Selectable<FileVariantsTable>): Variant => ({
  type: row.type,
  contentType: row.content_type,
  size: row.size,
  width: row.width,
  height: row.height,
  createdAt: new Date(row.created_at),
});

export const toFile = (row: FileRow, variants: readonly Selectable<FileVariantsTable>[] = []): File => ({
  id: row.id,
  ownerId: row.owner_id,
  name: row.name,
  folder: row.folder,
  contentType: row.content_type,
  size: row.size,
  sha256: row.sha256 ?? undefined,
  metadata: JSON.parse(row.metadata),
  status: fromWord(FileStatus, row.status),
  visibility: fromWord(Visibility, row.visibility),
  processing: processingOf(row),
  variants: variants.map(toVariant),
  createdAt: new Date(row.created_at),
  updatedAt: new Date(row.updated_at),
  uploadedAt: date(row.uploaded_at),
  deletedAt: date(row.deleted_at),
  expiresAt: date(row.expires_at),
});

/** Variants of several files, by file. */
export async function variantsOf(db: Kysely<FilesTables>, fileIds: readonly string[]) {
  const byFile = new Map<string, Selectable<FileVariantsTable>[]>();
  if (fileIds.length === 0) return byFile;
  const rows = await db
    .selectFrom('file_variants')
    .selectAll()
    .where('file_id', 'in', fileIds)
    .orderBy('file_id')
    .orderBy('type')
    .execute();
  for (const row of rows) {
    const variants = byFile.get(row.file_id);
    if (variants) variants.push(row);
    else byFile.set(row.file_id, [row]);
  }
  return byFile;
}

export async function fileWithVariants(db: Kysely<FilesTables>, row: FileRow): Promise<File> {
  return toFile(row, (await variantsOf(db, [row.id])).get(row.id));
}

const byId = (db: Kysely<FilesTables>, { id }: { readonly id: string }) =>
  db.selectFrom('files').selectAll().where('id', '=', id);
const read = prepared(byId);
const readLocked = prepared((db: Kysely<FilesTables>, values: { readonly id: string }) => byId(db, values).forUpdate());

/** A file's row, whoever it belongs to. */
export async function fileRow(db: Kysely<FilesTables>, id: string): Promise<FileRow | undefined> {
  return (await read(db, { id })).rows[0];
}

/** The owner's file, unless it is up for purging. Throws `not_found`, for another's file too. */
export async function findFile(db: Kysely<FilesTables>, ownerId: string, fileId: string): Promise<FileRow> {
  checkId(fileId, 'file');
  const row = await fileRow(db, fileId);
  if (!row || row.owner_id !== ownerId || row.purge_reason !== null) throw notFound();
  return row;
}

/** Like `fileRow`, and nobody else changes the file until the unit of work has ended. */
export async function lockedFileRow(tx: Kysely<FilesTables>, id: string): Promise<FileRow | undefined> {
  return (await readLocked(tx, { id })).rows[0];
}

/** Like `findFile`, and nobody else changes the file until the unit of work has ended. */
export async function lockFile(tx: Kysely<FilesTables>, fileId: string, ownerId?: string): Promise<FileRow> {
  checkId(fileId, 'file');
  const row = await lockedFileRow(tx, fileId);
  if (!row || (ownerId !== undefined && row.owner_id !== ownerId) || row.purge_reason !== null) throw notFound();
  return row;
}
