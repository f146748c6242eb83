import { toWord } from '../../../base/enum-words.ts';
import { Visibility } from '../../../contract/holdfast/v1/file.ts';
import { ownerOf } from '../access.ts';
import type { FileVerb } from '../deps.ts';
import { appendEvents } from '../events/append.ts';
import { type FileRow, fileWithVariants, lockFile } from '../file-rows.ts';
import { invalidField } from '../invalid.ts';
import { checkMetadata, nameKey, normalizeFolder, normalizeName } from '../names.ts';
import { checkExpiry } from '../uploads/check-new-file.ts';

export const updateFile: FileVerb<'updateFile'> =
  ({ db, onEvent }) =>
  async (request, context) => {
    const ownerId = ownerOf(context, request.ownerId);
    const now = await db.now();
    checkExpiry(request.expiresAt, now);
    if (request.expiresAt && request.clearExpiresAt) {
      throw invalidField('clear_expires_at', 'Either set an expiry or clear it.');
    }
    const changes: Partial<FileRow> = {};
    if (request.name !== undefined) {
      changes.name = normalizeName(request.name);
      changes.name_key = nameKey(changes.name);
    }
    if (request.folder !== undefined) changes.folder = normalizeFolder(request.folder);
    if (request.visibility !== Visibility.UNSPECIFIED) changes.visibility = toWord(Visibility, request.visibility);
    if (request.metadata) changes.metadata = JSON.stringify(checkMetadata(request.metadata.entries));
    if (request.expiresAt) changes.expires_at = request.expiresAt.getTime();
    if (request.clearExpiresAt) changes.expires_at = null;

    const row = await db.unit(async (tx) => {
      const file = await lockFile(tx, request.fileId, ownerId);
      const changed = (Object.keys(changes) as (keyof FileRow)[]).filter((column) => file[column] !== changes[column]);
      if (changed.length === 0) return file;
      const fields = changed.filter((column) => column !== 'name_key').map((column) => column.replace('_at', 'At'));
      const sequence = await appendEvents(tx, file, [{ type: 'file.updated', data: { changed: fields } }], now);
      const update = { ...changes, sequence, updated_at: now };
      await tx.updateTable('files').set(update).where('id', '=', file.id).execute();
      return { ...file, ...update };
    });
    onEvent();
    return { file: await fileWithVariants(db.reader, row) };
  };
