import { fromWord } from '../../../base/enum-words.ts';
import { UploadKind } from '../../../contract/holdfast/v1/file.ts';
import { ownerOf } from '../access.ts';
import type { FileVerb } from '../deps.ts';
import { fileWithVariants, findFile } from '../file-rows.ts';
import { partCount } from './part-size.ts';

export const getUpload: FileVerb<'getUpload'> =
  ({ db, storage }) =>
  async ({ ownerId, fileId }, context) => {
    const row = await findFile(db.reader, ownerOf(context, ownerId), fileId);
    const file = await fileWithVariants(db.reader, row);
    const upload = await db.reader.selectFrom('uploads').selectAll().where('file_id', '=', fileId).executeTakeFirst();
    if (!upload) return { file, kind: UploadKind.UNSPECIFIED, partSize: 0, partCount: 0, received: [] };
    const inParts = upload.multipart_id !== null && upload.part_size !== null && upload.declared_size !== null;
    const { parts } = inParts
      ? await storage.listParts({ key: upload.source_key, multipartId: upload.multipart_id as string }, context)
      : { parts: [] };
    return {
      file,
      kind: fromWord(UploadKind, upload.kind),
      partSize: upload.part_size ?? 0,
      partCount: inParts ? partCount(upload.declared_size as number, upload.part_size as number) : 0,
      received: parts,
      expiresAt: new Date(upload.expires_at),
    };
  };
