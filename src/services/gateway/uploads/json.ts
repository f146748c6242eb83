import { toWord } from '../../../base/enum-words.ts';
import {
  type GetUploadResponse,
  type Job,
  JobState,
  UploadKind,
  type UploadPart,
  type UploadTarget,
} from '../../../contract/holdfast/v1/file.ts';
import { fileJson } from '../json.ts';
import { present } from '../present.ts';
import type { CreatedUploadJson, UploadAnswerJson, UploadStateJson } from '../schemas/upload.ts';
import type { IntakeResult } from './intake.ts';

const jobOfUpload = ({ id, type, state }: Job) => ({ id, type, status: toWord(JobState, state) });
export const jobsOfUpload = (jobs: readonly Job[]) => jobs.map(jobOfUpload);

export const uploadAnswerJson = ({ files, errors }: IntakeResult): UploadAnswerJson => ({
  files: files.map(({ file, jobs }) => ({ ...fileJson(file), jobs: jobsOfUpload(jobs) })),
  errors: errors.map(({ part, error: { code, detail } }) => ({ part, code, detail })),
});

export function partsJson(parts: readonly UploadPart[]) {
  return parts.map(({ number, request }) => {
    const { method, url, headers } = present(request);
    return { number, method, url, headers };
  });
}

export function targetJson({
  request,
  partSize,
  partCount,
  parts,
  expiresAt,
}: UploadTarget): CreatedUploadJson['upload'] {
  const expiry = { expiresAt: present(expiresAt).toISOString() };
  if (request) return { method: request.method, url: request.url, headers: request.headers, ...expiry };
  return { partSize, partCount, parts: partsJson(parts), ...expiry };
}

export function uploadStateJson({
  file,
  kind,
  partSize,
  partCount,
  received,
  expiresAt,
}: GetUploadResponse): UploadStateJson {
  const inParts = partCount > 0;
  return {
    file: fileJson(present(file)),
    kind: kind === UploadKind.UNSPECIFIED ? null : toWord(UploadKind, kind),
    partSize: inParts ? partSize : null,
    partCount: inParts ? partCount : null,
    received: received.map(({ number, size, etag }) => ({ number, size, etag })),
    expiresAt: expiresAt?.toISOString() ?? null,
  };
}
