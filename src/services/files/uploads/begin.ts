import { extensionFor } from '../../../base/sniff.ts';
import { ownerOf } from '../access.ts';
import type { UploadVerb } from '../deps.ts';
import { type FileRow, fileWithVariants } from '../file-rows.ts';
import { originalKey } from '../keys.ts';
import { knownKeys } from '../owners.ts';
import { begunHere } from './begun-here.ts';
import { checkType } from './check-new-file.ts';
import { claimedFile, noteFile } from './idempotency.ts';
import { reserve } from './reserve.ts';

/** Bytes that an upload of unknown length holds at first. */
const FIRST_HOLD = 1024 * 1024;

export const beginUpload: UploadVerb<'beginUpload'> = (deps) => async (request, context) => {
  const { file, sizeUnknown, idempotencyId, part } = request;
  const ownerId = ownerOf(context, request.ownerId);
  if (!file) throw new TypeError('file is required');
  checkType(file.contentType, deps.settings);
  const hold = sizeUnknown ? Math.min(FIRST_HOLD, deps.settings.maxFileSize) : file.size;
  const now = await deps.db.now();

  const begun = await deps.db.unit(
    async (tx) => {
      if (idempotencyId !== undefined) {
        const existing = await claimedFile(tx, { ownerId, idempotencyId, part }, now);
        if (existing) return { existing };
      }
      const reserved = await reserve(
        deps,
        tx,
        {
          ownerId,
          file: sizeUnknown ? { ...file, size: 0 } : file,
          kind: 'proxied',
          hold,
          declaredSize: sizeUnknown ? null : file.size,
          partSize: null,
          keys: (ownerKey, fileId) => {
            const key = originalKey(ownerKey, fileId, extensionFor(file.contentType));
            return { source: key, target: key };
          },
        },
        now,
      );
      if (idempotencyId !== undefined) await noteFile(tx, { idempotencyId, part, fileId: reserved.file.id });
      return { reserved };
    },
    // The client hears of the file when it is confirmed, and that is durable only together with this.
    { durable: false },
  );

  if (begun.existing) {
    const existing: FileRow = begun.existing;
    return { fileId: existing.id, key: '', held: 0, existing: await fileWithVariants(deps.db.reader, existing) };
  }
  const { reserved } = begun;
  const { file: row, upload } = reserved;
  // Not before the commit: the owner's row may have been made by it.
  knownKeys(deps.db).set(ownerId, row.owner_key);
  begunHere(deps.db).set(row.id, reserved);
  return { fileId: row.id, key: upload.source_key, held: upload.held };
};
