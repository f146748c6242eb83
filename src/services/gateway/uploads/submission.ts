import { createHash } from 'node:crypto';
import { HoldfastError } from '../../../base/errors.ts';
import { type Bytes, readText } from './bytes.ts';
import { FormReader } from './form.ts';
import { boundaryOf, malformed } from './form-headers.ts';
import { DrainBudget, MeasuredBytes, tooLarge } from './measured-bytes.ts';
import { type FileSettings, isSettingName, SETTING_NAMES, withSetting } from './settings.ts';
import type { IncomingFile } from './store-file.ts';

/** Files in one request. */
export const MAX_FILES = 100;
/** Fields in one request: each setting may be given anew a few times. */
const MAX_FIELDS = 100;
/** Bytes of a field. Metadata has 4 KB at most, but JSON may escape every character. */
const MAX_FIELD = 32 * 1024;
/** Bytes of files that failed which are read for the sake of those behind them. */
const MAX_DRAIN = 256 * 1024 * 1024;

/** Reads what it needs of a file. Answers why the file is not taken, or undefined. */
export type TakeFile = (file: IncomingFile) => Promise<HoldfastError | undefined>;

/** The files of a request, however they are packed. */
export interface Submission {
  /**
   * Reads the body to its end and hands over one file after the other. Answers what makes the fingerprint: the same for
   * the same files with the same settings. Throws where the body as a whole is not in order.
   */
  read(take: TakeFile): Promise<() => string>;
}

interface SubmissionOptions {
  readonly body: Bytes;
  /** Bytes of the whole body; undefined where unknown. */
  readonly size: number | undefined;
  readonly contentType: string;
  /** What the query says. */
  readonly settings: FileSettings;
  readonly maxFileSize: number;
}

/** The body is the file. */
export function rawSubmission(
  { body, size, contentType, settings, maxFileSize }: SubmissionOptions,
  { name, sha256 }: { readonly name: string; readonly sha256: string | undefined },
): Submission {
  return {
    async read(take) {
      if (size !== undefined && size > maxFileSize) throw tooLarge(maxFileSize);
      const bytes = new MeasuredBytes(body, maxFileSize);
      const bound = Math.min(size ?? maxFileSize, maxFileSize);
      const file = { part: 0, name, contentType, settings, sha256, size, bound, bytes };
      const failure = await take(file);
      if (failure) throw failure;
      return () => fingerprint('raw', [file]);
    },
  };
}

/** A form: files are in parts called `file`; fields are settings of the files after them. */
export function formSubmission({ body, size, contentType, settings, maxFileSize }: SubmissionOptions): Submission {
  return {
    async read(take) {
      const form = new FormReader(body, boundaryOf(contentType));
      const files: IncomingFile[] = [];
      const budget = new DrainBudget(MAX_DRAIN);
      const bound = Math.min(size ?? maxFileSize, maxFileSize);
      let current = settings;
      let fields = 0;
      let unused: string | undefined;

      for (let part = await form.next(); part; part = await form.next()) {
        const { field, fileName, contentType, body } = part;
        if (field === 'file') {
          if (files.length === MAX_FILES) throw malformed(`A form can hold at most ${MAX_FILES} files.`);
          const bytes = new MeasuredBytes(body, maxFileSize);
          const file: IncomingFile = {
            part: files.length,
            name: fileName ?? '',
            contentType,
            settings: current,
            sha256: undefined,
            size: undefined,
            bound,
            bytes,
          };
          const failure = await take(file);
          if (!(await bytes.drain(budget))) throw failure ?? tooLarge(maxFileSize);
          files.push(file);
          unused = undefined;
        } else if (isSettingName(field) && fileName === undefined) {
          if (++fields > MAX_FIELDS) throw malformed(`A form can hold at most ${MAX_FIELDS} fields.`);
          current = withSetting(current, field, await readText(body, MAX_FIELD, field));
          unused = field;
        } else {
          throw unknownField(field);
        }
      }
      if (files.length === 0) throw malformed('The form holds no file. Send one or more parts called "file".');
      if (unused)
        throw malformed(`The field "${unused}" stands after the last file. Fields count for the files after them.`);
      return () => fingerprint('form', files);
    },
  };
}

const unknownField = (field: string) => {
  const name = JSON.stringify(field.slice(0, 100));
  const message = `There is no field ${name}. Files go in parts called "file"; fields are ${SETTING_NAMES.join(', ')}.`;
  return new HoldfastError('invalid_request', message, { fields: [{ path: field.slice(0, 100), message }] });
};

const describe = ({ name, contentType, settings, bytes }: IncomingFile): unknown => [
  name,
  contentType,
  settings.folder,
  Object.entries(settings.metadata).sort(([a], [b]) => (a < b ? -1 : 1)),
  settings.visibility,
  settings.expiresAt?.getTime() ?? null,
  bytes.size,
  bytes.sha256,
];

const fingerprint = (kind: 'raw' | 'form', files: readonly IncomingFile[]): string =>
  createHash('sha256')
    .update(JSON.stringify([kind, files.map(describe)]))
    .digest('hex');
