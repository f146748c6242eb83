import type { IncomingHttpHeaders } from 'node:http';
import { HoldfastError } from '../../../base/errors.ts';

const HEX = /^[0-9a-f]{64}$/i;
/** A byte sequence of structured fields (RFC 8941), of 32 bytes. */
const DIGEST = /(?:^|,)\s*sha-256\s*=\s*:([A-Za-z0-9+/]{43}=):\s*(?:[;,]|$)/;

/**
 * The SHA-256 that the client says its body has, in lower-case hex: by `Content-Digest: sha-256=:…:` (RFC 9530), by
 * `X-Content-SHA256` in hex, or by the query. Undefined where it says none; other algorithms of Content-Digest are
 * not looked at, as the RFC wants it. Throws `invalid_request` for one that cannot be, or two that differ.
 */
export function declaredHash(headers: IncomingHttpHeaders, query: string | undefined): string | undefined {
  const digest = headers['content-digest'];
  const hex = headers['x-content-sha256'];
  const found = new Set<string>();
  if (digest !== undefined && /(?:^|,)\s*sha-256\s*=/.test(String(digest))) {
    const value = DIGEST.exec(String(digest))?.[1];
    if (value === undefined) throw invalid('Content-Digest must be written as sha-256=:base64 of 32 bytes:.');
    found.add(Buffer.from(value, 'base64').toString('hex'));
  }
  for (const value of [hex, query]) {
    if (value === undefined) continue;
    if (!HEX.test(String(value))) throw invalid('A SHA-256 is 64 hex digits.');
    found.add(String(value).toLowerCase());
  }
  if (found.size > 1) throw invalid('The SHA-256 is given twice, and not the same.');
  return [...found][0];
}

const invalid = (message: string) =>
  new HoldfastError('invalid_request', message, { fields: [{ path: 'sha256', message }] });
