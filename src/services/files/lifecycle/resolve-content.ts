import type { Kysely } from 'kysely';
import { HoldfastError } from '../../../base/errors.ts';
import { ContentAccess, type ResolveContentResponse } from '../../../contract/holdfast/internal/v1/upload.ts';
import { notFound, ownerOf } from '../access.ts';
import type { UploadVerb } from '../deps.ts';
import { type FileRow, fileRow } from '../file-rows.ts';
import { etagOfKey } from '../keys.ts';
import type { FilesTables } from '../tables.ts';

export const resolveContent: UploadVerb<'resolveContent'> =
  ({ db }) =>
  async ({ ownerId, fileId, variant, access }, context) => {
    const file = await fileRow(db.reader, fileId);
    const allowed =
      access === ContentAccess.PUBLIC
        ? file?.visibility === 'public' && file.deleted_at === null && file.status === 'uploaded'
        : file?.owner_id === ownerOf(context, ownerId);
    if (!file || !allowed || file.purge_reason !== null || isExpired(file, await db.now())) throw notFound();
    return contentOf(db.reader, file, variant);
  };

/** An expired file is gone for whoever asks, also before the janitor gets to it. */
export const isExpired = (file: FileRow, now: number): boolean => file.expires_at !== null && file.expires_at <= now;

/** Where the bytes of a file (variant empty) or of a variant are. The caller has checked who may have them. */
export async function contentOf(
  db: Kysely<FilesTables>,
  file: FileRow,
  variant: string,
): Promise<ResolveContentResponse> {
  if (file.status === 'pending' || file.object_key === null) {
    throw new HoldfastError('upload_not_complete', 'The upload of this file has not ended yet.');
  }
  if (file.status === 'quarantined')
    throw new HoldfastError('forbidden', 'The file was found unsafe and is kept back.');
  if (variant === '' || variant === 'original') {
    return {
      key: file.object_key,
      name: file.name,
      contentType: file.content_type,
      size: file.size,
      etag: etagOfKey(file.object_key),
      modifiedAt: new Date(file.uploaded_at ?? file.created_at),
    };
  }
  // No text with a NUL is a type, and databases take none.
  if (variant.includes('\0')) throw notFound('variant');
  const row = await db
    .selectFrom('file_variants')
    .selectAll()
    .where('file_id', '=', file.id)
    .where('type', '=', variant)
    .executeTakeFirst();
  if (!row) throw await whyNoVariant(db, file, variant);
  return {
    key: row.object_key,
    name: variantName(file.name, row.type, row.object_key),
    contentType: row.content_type,
    size: row.size,
    etag: etagOfKey(row.object_key),
    modifiedAt: new Date(row.created_at),
  };
}

/** `photo.heic` as thumbnail in JPEG: `photo-thumbnail.jpg`. */
function variantName(name: string, type: string, key: string): string {
  const dot = name.lastIndexOf('.');
  return `${dot > 0 ? name.slice(0, dot) : name}-${type}${key.slice(key.lastIndexOf('.'))}`;
}

async function whyNoVariant(db: Kysely<FilesTables>, file: FileRow, variant: string): Promise<HoldfastError> {
  const job = await db
    .selectFrom('processing_jobs')
    .select(['state', 'reason'])
    .where('file_id', '=', file.id)
    .where('type', '=', variant)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (job?.state === 'dead') {
    return new HoldfastError('not_found', `This variant could not be made: ${job.reason ?? 'processing failed.'}`);
  }
  if (!job || job.state === 'cancelled') return notFound('variant');
  return new HoldfastError('variant_pending', 'The variant is still being made. Ask again in a moment.', {
    retryAfter: 1,
  });
}
