import { HoldfastError } from '../../base/errors.ts';

/** What mail servers agree on (RFC 5321, 4.5.3.1, with the erratum on the path's length). */
const MAX_BYTES = 254;
const MAX_LOCAL_BYTES = 64;

/** White space, and what shows as nothing or turns text around: control, format, unassigned. */
const INVISIBLE = /[\s\p{C}\p{Z}]/u;

/**
 * The one form of an e-mail address that rows hold and comparisons see: lower-case, NFC. Undefined for a text that
 * cannot be an address. Whether it is one, only a mail to it tells.
 */
export function normaliseEmail(text: string): string | undefined {
  if (text.length > 4 * MAX_BYTES) return undefined;
  const email = text.trim().toLowerCase().normalize('NFC');
  const [local, domain, ...more] = email.split('@');
  if (!local || !domain || more.length > 0 || INVISIBLE.test(email)) return undefined;
  if (domain.split('.').includes('')) return undefined;
  if (Buffer.byteLength(email) > MAX_BYTES || Buffer.byteLength(local) > MAX_LOCAL_BYTES) return undefined;
  return email;
}

/** Throws `invalid_request` for what `normaliseEmail` does not take. */
export function requireEmail(text: string): string {
  const email = normaliseEmail(text);
  if (email !== undefined) return email;
  const message = `Give an e-mail address such as ada@example.com, of at most ${MAX_BYTES} bytes.`;
  throw new HoldfastError('invalid_request', message, { fields: [{ path: 'email', message }] });
}

/** What another party says is somebody's e-mail, in its normal form; null where it can be none. */
export const emailIfAny = (said: unknown): string | null => (typeof said === 'string' && normaliseEmail(said)) || null;
