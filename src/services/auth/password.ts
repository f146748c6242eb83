import { HoldfastError } from '../../base/errors.ts';
import { isCommonPassword } from './common-passwords/index.ts';

const MIN_CHARACTERS = 8;
/** bcrypt ignores what comes after, so that two long passwords would be the same. */
const MAX_BYTES = 72;

/**
 * A password as it is hashed: keyboards of different systems spell the same characters differently, NFC does not.
 * Undefined for a text that no account can have as its password. One that is common may be an account's since before it
 * was refused.
 */
export function normalisePassword(text: string): string | undefined {
  const password = text.normalize('NFC');
  return problemOf(password) === undefined ? password : undefined;
}

/** Throws `invalid_request`, saying what is wrong, for a password that cannot be taken. `email` in its normal form. */
export function requirePassword(text: string, email?: string, path = 'password'): string {
  const password = text.normalize('NFC');
  const message = problemOf(password) ?? (isCommonPassword(password, email) ? COMMON : undefined);
  if (message === undefined) return password;
  throw new HoldfastError('invalid_request', message, { fields: [{ path, message }] });
}

const COMMON =
  'The password is one that many people have, or easy to guess from the e-mail. Choose another, such as four words that do not belong together.';

function problemOf(password: string): string | undefined {
  // A lone surrogate has no UTF-8 form of its own: two different passwords would become one.
  if (!password.isWellFormed()) return 'The password is not valid text.';
  if (Buffer.byteLength(password) > MAX_BYTES) {
    return `The password is too long: at most ${MAX_BYTES} bytes (in UTF-8, some characters take more than one).`;
  }
  if ([...password].length < MIN_CHARACTERS) {
    return `The password is too short: at least ${MIN_CHARACTERS} characters.`;
  }
  return undefined;
}
