import type { CallContext } from '../../../base/context.ts';
import { HoldfastError, toHoldfastError } from '../../../base/errors.ts';
import { extensionFor } from '../../../base/sniff.ts';
import type { File, NewFile, UploadTarget } from '../../../contract/holdfast/v1/file.ts';
import { ownerOf } from '../access.ts';
import type { FilesDeps, FileVerb } from '../deps.ts';
import { toFile } from '../file-rows.ts';
import { inboxKey, originalKey } from '../keys.ts';
import { checkType } from './check-new-file.ts';
import { confirmToken } from './confirm-token.ts';
import { partCount, partSizeFor } from './part-size.ts';
import { reserve } from './reserve.ts';
import { signParts } from './sign-parts.ts';

const MAX_FILES = 1000;
/** Parts that are signed with the first answer. */
const FIRST_PARTS = 100;

export const generateUploadURLs: FileVerb<'generateUploadURLs'> = (deps) => async (request, context) => {
  const ownerId = ownerOf(context, request.ownerId);
  if (request.files.length < 1 || request.files.length > MAX_FILES) {
    throw new HoldfastError('invalid_request', `Ask for 1 to ${MAX_FILES} files at a time.`);
  }
  const results = [];
  for (const file of request.files) {
    context.signal.throwIfAborted();
    try {
      results.push(await beginOne(deps, ownerId, file, context));
    } catch (thrown) {
      const error = toHoldfastError(thrown);
      if (error.code === 'internal') context.log.error({ err: thrown }, 'An upload could not be begun');
      results.push({ error: { code: error.code, detail: error.detail } });
    }
  }
  return { results };
};

async function beginOne(
  deps: FilesDeps,
  ownerId: string,
  declared: NewFile,
  context: CallContext,
): Promise<{ file: File; upload: UploadTarget }> {
  const { db, storage, settings, confirmKey } = deps;
  const contentType = declared.contentType || 'application/octet-stream';
  checkType(contentType, settings);
  const partSize = partSizeFor(declared.size);
  const now = await db.now();
  const { file, upload } = await db.unit((tx) =>
    reserve(
      deps,
      tx,
      {
        ownerId,
        file: declared,
        kind: 'presigned',
        hold: declared.size,
        declaredSize: declared.size,
        partSize,
        keys: (ownerKey, fileId) => {
          const target = originalKey(ownerKey, fileId, extensionFor(contentType));
          // Parts are put together by the server alone, so no signed URL can write the key afterwards.
          return partSize === null ? { source: inboxKey(fileId), target } : { source: target, target };
        },
      },
      now,
    ),
  );
  const expiresAt = new Date(upload.expires_at);
  const common = { expiresAt, confirmToken: confirmToken(confirmKey, file.id) };
  const reserved = toFile(file);

  if (partSize === null) {
    const { request } = await storage.signUpload(
      { key: upload.source_key, size: declared.size, contentType, expiresAt },
      context,
    );
    return { file: reserved, upload: { ...common, ...(request && { request }), partSize: 0, partCount: 0, parts: [] } };
  }
  const { multipartId } = await storage.createMultipart(
    { key: upload.source_key, contentType, size: declared.size, partSize },
    context,
  );
  await db.unit((tx) =>
    tx.updateTable('uploads').set({ multipart_id: multipartId }).where('file_id', '=', file.id).execute(),
  );
  const signable = { ...upload, multipart_id: multipartId };
  const parts = await signParts(deps, signable, { from: 1, count: FIRST_PARTS }, context);
  return { file: reserved, upload: { ...common, partSize, partCount: partCount(declared.size, partSize), parts } };
}
