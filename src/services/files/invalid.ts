import { type ErrorCode, HoldfastError } from '../../base/errors.ts';

/** What is wrong with one field of a request, by its path in the contract, as in `page.limit`. */
export const invalidField = (path: string, message: string, code: ErrorCode = 'invalid_request'): HoldfastError =>
  new HoldfastError(code, message, { fields: [{ path, message }] });

/** Where a message of a list stands in a request: the paths of what is wrong with it begin there. */
export function within(path: string, error: HoldfastError): HoldfastError {
  const { code, detail, fields, retryAfter, cause } = error;
  return new HoldfastError(code, detail, {
    fields: fields.map((field) => ({ ...field, path: `${path}.${field.path}` })),
    ...(retryAfter !== undefined && { retryAfter }),
    cause,
  });
}

/** Throws for a text that databases do not take. In one that came over the wire, every character is whole. */
export function checkText(path: string, text: string, most: number): void {
  if (text.includes('\0') || !text.isWellFormed())
    throw invalidField(path, 'The text holds a NUL or half a character.');
  if (isLonger(text, most)) throw invalidField(path, `The text is longer than ${most} characters.`);
}

/** By characters as people count them: Unicode's code points. */
export function isLonger(text: string, most: number): boolean {
  // Of no character there are more than two units.
  return text.length > most && (text.length > 2 * most || [...text].length > most);
}
