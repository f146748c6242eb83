import { ownerOf } from '../access.ts';
import type { FileVerb } from '../deps.ts';
import { fileWithVariants, findFile } from '../file-rows.ts';

export const getFile: FileVerb<'getFile'> =
  ({ db }) =>
  async ({ ownerId, fileId }, context) => {
    const row = await findFile(db.reader, ownerOf(context, ownerId), fileId);
    return { file: await fileWithVariants(db.reader, row) };
  };
