import type { HoldfastError } from '../../../base/errors.ts';
import { type ErrorStatus, GenerateUploadURLsResponse } from '../../../contract/holdfast/v1/file.ts';
import type { UploadsTable } from '../tables.ts';

/** One of the uploads that are asked for together: what is answered, and the upload where there is one. */
export interface Begun {
  result: GenerateUploadURLsResponse['results'][number];
  readonly upload?: UploadsTable;
}

/** Bytes of the answer. */
export const sizeOf = (begun: readonly Begun[]): number =>
  GenerateUploadURLsResponse.encode({ results: begun.map(({ result }) => result), replayed: true }).finish().length;

/** Texts that grow with the request are cut: a path holds a key of metadata, which may be long. */
const LONGEST = 300;

export const toErrorStatus = ({ code, detail, fields }: HoldfastError): ErrorStatus => ({
  code,
  detail: cut(detail),
  fields: fields.map(({ path, message }) => ({ field: cut(path), description: cut(message) })),
});

const cut = (text: string): string => text.slice(0, LONGEST).toWellFormed();
