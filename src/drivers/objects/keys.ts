import { HoldfastError } from '../../base/errors.ts';

/** Bytes; every character of a key is one byte. */
export const MAX_KEY_LENGTH = 200;

const CHARACTERS = /^[a-z0-9._/-]+$/;

/** Whether a text is a key: see `ObjectStore`. */
export function isKey(text: string): boolean {
  return (
    text.length <= MAX_KEY_LENGTH &&
    CHARACTERS.test(text) &&
    text.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')
  );
}

/** Throws `invalid_request` for what is no key. */
export function checkKey(key: string): void {
  if (!isKey(key)) throw new HoldfastError('invalid_request', 'This is not the key of an object.');
}

/** Throws `invalid_request` for what no key can begin with; the empty prefix is that of all keys. */
export function checkPrefix(prefix: string): void {
  const valid = prefix === '' || isKey(prefix.endsWith('/') ? `${prefix}x` : prefix) || isKey(`${prefix}x`);
  if (!valid) throw new HoldfastError('invalid_request', 'This is not the beginning of a key.');
}
