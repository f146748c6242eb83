import { HoldfastError, hasCode } from '../../../base/errors.ts';
import { fileOfInboxKey } from '../../../base/inbox-key.ts';
import { ArrivalOutcome } from '../../../contract/holdfast/internal/v1/upload.ts';
import { requireService } from '../access.ts';
import type { FilesDeps, UploadVerb } from '../deps.ts';
import { confirmOrAwait } from './confirm.ts';

/** Parts are put together by us alone, so only an object in the inbox ends an upload. */
export const confirmArrival: UploadVerb<'confirmArrival'> =
  (deps) =>
  async ({ key }, context) => {
    requireService(context);
    const fileId = fileOfInboxKey(key);
    if (fileId === undefined) return { outcome: ArrivalOutcome.IGNORED };
    // Most of what comes twice, or late, is told apart without a lock.
    const settled = await outcomeSoFar(deps, fileId, key);
    if (settled !== undefined) return { outcome: settled };
    try {
      await confirmOrAwait(deps, { fileId, ownerId: undefined, parts: [] }, context);
      return { outcome: ArrivalOutcome.CONFIRMED };
    } catch (error) {
      // It ended in this very moment.
      if (hasCode(error, 'not_found', 'upload_closed')) return { outcome: ArrivalOutcome.IGNORED };
      if (!(error instanceof HoldfastError) || error.meaning.retryable || error.code === 'internal') throw error;
      return { outcome: ArrivalOutcome.REFUSED, code: error.code };
    }
  };

/** Undefined where there is something to confirm. */
async function outcomeSoFar({ db }: FilesDeps, fileId: string, key: string) {
  const file = await db.reader
    .selectFrom('files')
    .leftJoin('uploads', 'uploads.file_id', 'files.id')
    .select(['files.status', 'files.purge_reason', 'uploads.source_key'])
    .where('files.id', '=', fileId)
    .executeTakeFirst();
  if (!file) return ArrivalOutcome.UNKNOWN;
  if (file.purge_reason !== null) return ArrivalOutcome.IGNORED;
  if (file.status !== 'pending') return ArrivalOutcome.CONFIRMED;
  return file.source_key === key ? undefined : ArrivalOutcome.IGNORED;
}
