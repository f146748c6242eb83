import { createHash, timingSafeEqual } from 'node:crypto';

/** What of a request may hold the secret. */
interface Credentials {
  /** The Authorization header. */
  readonly authorization: string | undefined;
  /** The query parameter `token`. */
  readonly token: unknown;
}

/**
 * Compares in a time that tells nothing of the secret. It comes as `Bearer <secret>`, as the password of `Basic` with
 * any user, or as `?token=`: what a store can be made to send.
 */
export function secretCheck(secret: string): (credentials: Credentials) => boolean {
  const expected = digest(secret);
  return ({ authorization, token }) => {
    const given = authorization === undefined ? token : secretIn(authorization);
    return typeof given === 'string' && timingSafeEqual(digest(given), expected);
  };
}

function secretIn(authorization: string): string | undefined {
  const [, scheme = '', value = ''] = /^(Bearer|Basic) +(.*?) *$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  const [, password] = /^[^:]*:(.*)$/s.exec(Buffer.from(value, 'base64').toString()) ?? [];
  return password;
}

/** Of one length, whatever was sent. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
