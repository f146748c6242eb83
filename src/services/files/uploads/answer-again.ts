import type { CallContext } from '../../../base/context.ts';
import { Slots } from '../../../base/slots.ts';
import type { GenerateUploadURLsResponse } from '../../../contract/holdfast/v1/file.ts';
import type { FilesDeps } from '../deps.ts';
import { type FileRow, toFile, variantsOf } from '../file-rows.ts';
import type { UploadsTable } from '../tables.ts';
import type { EarlierAnswer } from './answer-once.ts';
import { type Begun, toErrorStatus } from './begun.ts';
import { uploadClosed } from './finish.ts';
import { firstParts, leaveOutWhatIsTooMuch } from './first-parts.ts';
import { signParts } from './sign-parts.ts';
import { signWhole, targetOf } from './upload-target.ts';

/** Uploads whose parts are signed at a time. */
const AT_ONCE = 16;

/**
 * What a request is answered that came before with the same key: the same files, as they are now, with requests that are
 * signed anew. Signed requests are credentials, and so they are not kept.
 */
export async function answerAgain(
  deps: FilesDeps,
  { id, errors }: EarlierAnswer,
  length: number,
  context: CallContext,
): Promise<GenerateUploadURLsResponse['results']> {
  const [files, uploads, now] = await Promise.all([filesOf(deps, id), uploadsOf(deps, id), deps.db.now()]);
  const open = [...uploads.values()].filter(({ expires_at }) => expires_at > now);
  const whole = open.filter(({ part_size }) => part_size === null);
  const signed = await signWhole(deps, whole.map(toWhole), context);
  const ended = [...files.values()].filter(({ id }) => !uploads.has(id)).map(({ id }) => id);
  const variants = await variantsOf(deps.db.reader, ended);

  const answered = Array.from({ length }, (_, part): Begun => {
    const error = errors[part];
    if (error) return { result: { error } };
    const row = files.get(part);
    const upload = row && uploads.get(row.id);
    // Given up, expired, or deleted for good.
    if (!row || (row.status === 'pending' && !(upload && upload.expires_at > now))) {
      return { result: { error: toErrorStatus(uploadClosed()) } };
    }
    const file = toFile(row, variants.get(row.id));
    if (!upload) return { result: { file } };
    return { result: { file, upload: targetOf(deps, upload, signed.get(row.id)) }, upload };
  });

  const inParts = answered.filter(({ upload }) => upload && upload.part_size !== null);
  const slots = new Slots(AT_ONCE);
  const count = firstParts(inParts.length);
  await Promise.all(
    inParts.map(({ result, upload }) =>
      slots.use(async () => {
        if (result.upload)
          result.upload.parts = await signParts(deps, upload as UploadsTable, { from: 1, count }, context);
      }),
    ),
  );
  leaveOutWhatIsTooMuch(answered);
  return answered.map(({ result }) => result);
}

const toWhole = ({ file_id: id, source_key: key, declared_size, declared_type, expires_at }: UploadsTable) => ({
  id,
  key,
  size: declared_size as number,
  contentType: declared_type,
  expiresAt: new Date(expires_at),
});

/** By their place in the request. */
async function filesOf({ db }: FilesDeps, id: string): Promise<ReadonlyMap<number, FileRow>> {
  const rows = await db.reader
    .selectFrom('idempotency_files')
    .innerJoin('files', 'files.id', 'idempotency_files.file_id')
    .selectAll('files')
    .select('idempotency_files.part')
    .where('idempotency_files.idempotency_id', '=', id)
    .where('files.purge_reason', 'is', null)
    .execute();
  return new Map(rows.map(({ part, ...row }) => [part, row]));
}

/** Those that have not ended, by their files. */
async function uploadsOf({ db }: FilesDeps, id: string): Promise<ReadonlyMap<string, UploadsTable>> {
  const rows = await db.reader
    .selectFrom('idempotency_files')
    .innerJoin('uploads', 'uploads.file_id', 'idempotency_files.file_id')
    .selectAll('uploads')
    .where('idempotency_files.idempotency_id', '=', id)
    .execute();
  return new Map(rows.map((row) => [row.file_id, row]));
}
