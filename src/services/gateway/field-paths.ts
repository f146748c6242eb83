import { HoldfastError } from '../../base/errors.ts';

/** Fields of the contract that have another name in the API. */
const NAMES: Readonly<Record<string, string>> = {
  clear_expires_at: 'expiresAt',
  content_type: 'contentType',
  expires_at: 'expiresAt',
  expires_in: 'expiresIn',
  file_id: 'fileId',
  query: 'q',
};

/** Where the field of a request to a service stands in the request that the gateway answers. */
export const apiPath = (path: string): string =>
  path.replace(/^(files\[0\]|page)\./, '').replace(/^[a-z_]+/, (name) => NAMES[name] ?? name);

/** The error with its fields by their names in the API. */
export function inWordsOfTheApi(error: HoldfastError): HoldfastError {
  if (error.fields.every(({ path }) => apiPath(path) === path)) return error;
  const { code, detail, retryAfter, cause } = error;
  const fields = error.fields.map((field) => ({ ...field, path: apiPath(field.path) }));
  return new HoldfastError(code, detail, { fields, cause, ...(retryAfter !== undefined && { retryAfter }) });
}
