import type { CallContext } from '../../../base/context.ts';
import { type HoldfastError, toHoldfastError } from '../../../base/errors.ts';
import type { UploadPart } from '../../../contract/holdfast/v1/file.ts';
import type { FilesDeps } from '../deps.ts';
import { announcePurge, markForPurge } from '../purge.ts';
import type { UploadsTable } from '../tables.ts';
import { type Begun, toErrorStatus } from './begun.ts';
import { firstParts, leaveOutWhatIsTooMuch } from './first-parts.ts';
import { signParts } from './sign-parts.ts';

/** Uploads that are begun at the store at a time. */
const AT_ONCE = 16;

interface InParts {
  readonly begun: Begun;
  readonly upload: UploadsTable;
  multipartId?: string;
  parts: UploadPart[];
  error?: HoldfastError;
}

/**
 * Begins those uploads that come in parts at the store, and signs their first ones: as many as the answer has room for.
 * One that the store refuses is given up, and its result becomes the error.
 */
export async function beginParts(deps: FilesDeps, all: readonly Begun[], context: CallContext): Promise<void> {
  const { db } = deps;
  const large = all.flatMap((begun): InParts[] =>
    begun.upload && begun.upload.part_size !== null ? [{ begun, upload: begun.upload, parts: [] }] : [],
  );
  if (large.length === 0) return;
  const count = firstParts(large.length);
  const waiting = large.values();
  const begin = async () => {
    for (const each of waiting) await beginOne(deps, each, count, context);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, large.length) }, begin));

  const failed = large.filter(({ error }) => error);
  const now = failed.length > 0 ? await db.now() : 0;
  await db.unit(async (tx) => {
    for (const { upload, multipartId, error } of large) {
      if (error) await markForPurge(tx, upload.file_id, 'abandoned', now);
      else {
        await tx
          .updateTable('uploads')
          .set({ multipart_id: multipartId as string })
          .where('file_id', '=', upload.file_id)
          .execute();
      }
    }
  });
  for (const { upload } of failed) announcePurge(deps, upload.file_id);
  for (const { begun, parts, error } of large) {
    if (error) begun.result = { error: toErrorStatus(error) };
    else if (begun.result.upload) begun.result.upload.parts = parts;
  }
  leaveOutWhatIsTooMuch(all);
}

async function beginOne({ storage }: FilesDeps, each: InParts, count: number, context: CallContext): Promise<void> {
  const { upload } = each;
  try {
    context.signal.throwIfAborted();
    const { multipartId } = await storage.createMultipart(
      {
        key: upload.source_key,
        contentType: upload.declared_type,
        size: upload.declared_size as number,
        partSize: upload.part_size as number,
      },
      context,
    );
    each.multipartId = multipartId;
    each.parts = await signParts({ storage }, { ...upload, multipart_id: multipartId }, { from: 1, count }, context);
  } catch (thrown) {
    each.error = toHoldfastError(thrown);
    if (each.error.code === 'internal') context.log.error({ err: thrown }, 'an upload could not be begun');
  }
}
