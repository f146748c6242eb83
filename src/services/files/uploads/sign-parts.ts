import type { CallContext } from '../../../base/context.ts';
import { HoldfastError } from '../../../base/errors.ts';
import type { UploadPart } from '../../../contract/holdfast/v1/file.ts';
import { ownerOf } from '../access.ts';
import type { FilesDeps, FileVerb } from '../deps.ts';
import { findFile } from '../file-rows.ts';
import { invalidField } from '../invalid.ts';
import type { UploadsTable } from '../tables.ts';
import { uploadClosed } from './finish.ts';
import { partCount } from './part-size.ts';

const MAX_COUNT = 100;

type InParts = Pick<UploadsTable, 'source_key' | 'multipart_id' | 'declared_size' | 'part_size' | 'expires_at'>;

/** Signs at most `count` parts from `from` on; fewer where the upload has no more. */
export async function signParts(
  { storage }: Pick<FilesDeps, 'storage'>,
  upload: InParts,
  { from, count }: { readonly from: number; readonly count: number },
  context: CallContext,
): Promise<UploadPart[]> {
  const { multipart_id: multipartId, declared_size: size, part_size: partSize } = upload;
  if (multipartId === null || size === null || partSize === null) {
    throw new HoldfastError('invalid_request', 'This upload takes one request; it has no parts.');
  }
  const last = partCount(size, partSize);
  if (from > last) throw invalidField('from', `The upload has ${last} parts.`);
  const { parts } = await storage.signParts(
    {
      key: upload.source_key,
      multipartId,
      size,
      partSize,
      from,
      count: Math.min(count, last - from + 1),
      expiresAt: new Date(upload.expires_at),
    },
    context,
  );
  return parts;
}

export const generateUploadPartURLs: FileVerb<'generateUploadPartURLs'> = (deps) => async (request, context) => {
  const { from, count, fileId } = request;
  const ownerId = ownerOf(context, request.ownerId);
  if (!Number.isInteger(from) || from < 1) throw invalidField('from', 'Parts are numbered from 1.');
  if (!Number.isInteger(count) || count < 1 || count > MAX_COUNT) {
    throw invalidField('count', `Ask for 1 to ${MAX_COUNT} parts at a time.`);
  }
  await findFile(deps.db.reader, ownerId, fileId);
  const upload = await deps.db.reader
    .selectFrom('uploads')
    .selectAll()
    .where('file_id', '=', fileId)
    .executeTakeFirst();
  if (!upload || upload.expires_at <= (await deps.db.now())) throw uploadClosed();
  return { parts: await signParts(deps, upload, { from, count }, context), expiresAt: new Date(upload.expires_at) };
};
