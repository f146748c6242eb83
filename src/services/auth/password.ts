import { HoldfastError } from '../../base/errors.ts';

const MIN_CHARACTERS = 8;
/** bcrypt ignores what comes after, so that two long passwords would be the same. */
const MAX_BYTES = 72;

/**
 * A password as it is hashed: keyboards of different systems spell the same characters differently, NFC does not.
 * Undefined for a text that no account can have as its password.
 */
export function normalisePassword(text: string): string | undefined {
  const password = text.normalize('NFC');
  return problemOf(password) === undefined ? password : undefined;
}

/** Throws `invalid_request`, saying what is wrong, for a password that cannot be taken. */
export function requirePassword(text: string): string {
  const password = text.normalize('NFC');
  const message = problemOf(password);
  if (message === undefined) return password;
  throw new HoldfastError('invalid_request', message, { fields: [{ path: 'password', message }] });
}

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
