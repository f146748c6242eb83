import { HoldfastError } from '../../../base/errors.ts';
import type { FinishUploadRequest } from '../../../contract/holdfast/internal/v1/upload.ts';
import { ownerOf } from '../access.ts';
import type { FilesDeps, UploadVerb } from '../deps.ts';
import { fileWithVariants, lockFile, toFile } from '../file-rows.ts';
import { type JobRow, jobsOfFile, toJob } from '../job-rows.ts';
import { announceWork } from '../jobs/announce.ts';
import { lockUpload } from '../purge.ts';
import { begunHere } from './begun-here.ts';
import { Changed, completeUpload } from './complete.ts';

export const finishUpload: UploadVerb<'finishUpload'> = (deps) => async (request, context) => {
  const found = { ...request, ownerId: ownerOf(context, request.ownerId) };
  const now = await deps.db.now();
  return answer(deps, (await finishUnchanged(deps, found, now)) ?? (await finishRead(deps, found, now)));
};

/** Ends what this process has begun, without reading it again; undefined for another, or where it has changed since. */
async function finishUnchanged(deps: FilesDeps, { ownerId, fileId, size, sha256 }: FinishUploadRequest, now: number) {
  const begun = begunHere(deps.db);
  const reserved = begun.get(fileId);
  if (reserved?.file.owner_id !== ownerId) return undefined;
  begun.delete(fileId);
  checkEvidence(reserved.upload, { size, sha256 });
  const evidence = { size, sha256, contentType: reserved.file.content_type };
  try {
    return await deps.db.unit((tx) => completeUpload(deps, tx, reserved, evidence, now));
  } catch (error) {
    if (error instanceof Changed) return undefined;
    throw error;
  }
}

async function finishRead(deps: FilesDeps, { ownerId, fileId, size, sha256 }: FinishUploadRequest, now: number) {
  return deps.db.unit(async (tx) => {
    const [file, upload] = await Promise.all([lockFile(tx, fileId, ownerId), lockUpload(tx, fileId)]);
    if (file.status !== 'pending') return { file, jobs: undefined };
    if (upload?.state !== 'open') throw uploadClosed();
    checkEvidence(upload, { size, sha256 });
    return completeUpload(deps, tx, { file, upload }, { size, sha256, contentType: file.content_type }, now);
  });
}

/** Throws where the bytes are not those that were declared. */
export function checkEvidence(
  declared: { readonly declared_size: number | null; readonly declared_sha256: string | null },
  found: { readonly size: number; readonly sha256: string | null },
): void {
  if (declared.declared_size !== null && declared.declared_size !== found.size) {
    throw new HoldfastError('size_mismatch', `${declared.declared_size} bytes were declared, ${found.size} came.`);
  }
  if (declared.declared_sha256 !== null && found.sha256 !== null && declared.declared_sha256 !== found.sha256) {
    throw new HoldfastError('checksum_mismatch', `The bytes have SHA-256 ${found.sha256}, not the one declared.`);
  }
}

export const uploadClosed = () =>
  new HoldfastError('upload_closed', 'The upload has expired, was given up or is confirmed already. Begin a new one.');

export const uploadBusy = () =>
  new HoldfastError('upload_busy', 'The upload is being confirmed by another request. Ask again in a moment.', {
    retryAfter: 2,
  });

/** The answer to a confirm: news of the jobs goes out first, so that processing begins at once. */
export async function answer(
  deps: FilesDeps,
  confirmed: { readonly file: Parameters<typeof toFile>[0]; readonly jobs: readonly JobRow[] | undefined },
) {
  const { file, jobs } = confirmed;
  if (jobs === undefined) {
    // It was confirmed before.
    const known = await jobsOfFile(deps.db.reader, file.id);
    return { file: await fileWithVariants(deps.db.reader, file), jobs: known.map(toJob) };
  }
  deps.onEvent();
  if (jobs.length > 0) announceWork(deps, file.id);
  return { file: toFile(file), jobs: jobs.map(toJob) };
}
