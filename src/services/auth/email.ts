import { HoldfastError } from '../../base/errors.ts';
import { isMailAddress, MAX_ADDRESS_BYTES } from '../../base/mailbox.ts';

/** What lower case and NFC turn into an ASCII character (k, ;, `): the address would become another, which may be another's. */
const POSING = /[\u212a\u037e\u1fef]/u;

/**
 * The one form of an e-mail address that rows hold and comparisons see: lower-case, NFC. Undefined for a text to which no
 * mail can be sent. Whether one arrives, only a mail tells.
 */
export function normaliseEmail(text: string): string | undefined {
  if (text.length > 4 * MAX_ADDRESS_BYTES || POSING.test(text)) return undefined;
  const email = text.trim().toLowerCase().normalize('NFC');
  return isMailAddress(email) ? email : undefined;
}

/** Throws `invalid_request` for what `normaliseEmail` does not take. */
export function requireEmail(text: string): string {
  const email = normaliseEmail(text);
  if (email !== undefined) return email;
  const message = `Give an e-mail address such as ada@example.com, of at most ${MAX_ADDRESS_BYTES} bytes.`;
  throw new HoldfastError('invalid_request', message, { fields: [{ path: 'email', message }] });
}

/** What another party says is somebody's e-mail, in its normal form; null where it can be none. */
export const emailIfAny = (said: unknown): string | null => (typeof said === 'string' && normaliseEmail(said)) || null;
