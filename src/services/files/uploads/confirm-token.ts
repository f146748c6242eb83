import { createHmac, timingSafeEqual } from 'node:crypto';

/** Confirms one upload, for a client that has no token of ours. It is worth nothing once the upload would have expired. */
export const confirmToken = (key: Uint8Array, fileId: string): string =>
  createHmac('sha256', key).update(`confirm:${fileId}`).digest('base64url');

export function isConfirmToken(key: Uint8Array, fileId: string, token: string): boolean {
  const expected = Buffer.from(confirmToken(key, fileId));
  const given = Buffer.from(token);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
