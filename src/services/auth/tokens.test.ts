import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { newId } from '../../base/ids.ts';
import { secretKey } from './signing-keys.ts';
import { ACCESS_TOKEN_SECONDS, createAccessTokens } from './tokens.ts';

const key = randomBytes(32);
const tokens = createAccessTokens(secretKey(key));
const userId = newId();
const sessionId = newId();

afterEach(() => {
  vi.useRealTimers();
});

/** A token made by hand, so that it can be wrong in any way. */
function forge({ alg = 'HS256', header = {}, claims = {}, signWith = key, digest = 'sha256' } = {}): string {
  const now = Math.floor(Date.now() / 1_000);
  const all = { iss: 'holdfast', aud: 'holdfast', sub: userId, sid: sessionId, iat: now, exp: now + 600, ...claims };
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const signed = `${encode({ alg, typ: 'JWT', ...header })}.${encode(all)}`;
  return `${signed}.${createHmac(digest, signWith).update(signed).digest('base64url')}`;
}

const refused = (token: string) =>
  expect(tokens.verify(token)).rejects.toMatchObject({
    code: 'unauthenticated',
    detail: 'The access token is not valid or has expired. Log in again.',
  });

test('a token says who bears it, and until when', async () => {
  const before = Math.floor(Date.now() / 1_000);
  const verified = await tokens.verify(await tokens.issue(userId, sessionId));
  expect(verified.userId).toBe(userId);
  expect(verified.expiresAt - before - ACCESS_TOKEN_SECONDS).toBeLessThanOrEqual(1);
  expect(verified.expiresAt - before).toBeGreaterThanOrEqual(ACCESS_TOKEN_SECONDS);
});

test('a forged token with all in order is taken: the refusals below are for what they change', async () => {
  await expect(tokens.verify(forge())).resolves.toMatchObject({ userId });
});

test.each([
  ['no algorithm', { alg: 'none' }],
  ['no algorithm, spelt otherwise', { alg: 'nOnE' }],
  ['another HMAC', { alg: 'HS512', digest: 'sha512' }],
  ['an algorithm that the signature is not of', { alg: 'HS384' }],
  ['a public key algorithm with our key', { alg: 'RS256' }],
  ['another key', { signWith: randomBytes(32) }],
  ['an empty key', { signWith: Buffer.alloc(0) }],
  ['another kind of token', { header: { typ: 'refresh+jwt' } }],
  ['a key id', { header: { kid: 'x' } }],
  ['a key id that is no text', { header: { kid: 1 } }],
  ['no session', { claims: { sid: undefined } }],
  ['a session that is no id', { claims: { sid: 'x' } }],
  [
    'a key of its own',
    { header: { jwk: { kty: 'oct', k: 'AAAA' }, jku: 'https://example.com/' }, signWith: Buffer.alloc(3) },
  ],
  ['a critical extension', { header: { crit: ['exp'] } }],
  ['another issuer', { claims: { iss: 'someone' } }],
  ['another audience', { claims: { aud: 'someone' } }],
  ['no subject', { claims: { sub: undefined } }],
  ['a subject that is no id', { claims: { sub: 'admin' } }],
  ['a subject that is no text', { claims: { sub: 1 } }],
  ['no expiry', { claims: { exp: undefined } }],
  ['an expiry that is no number', { claims: { exp: 'never' } }],
  ['an expiry that is past', { claims: { iat: 1_000_000, exp: 1_000_600 } }],
  ['a life longer than we give', { claims: { iat: 1_000_000 } }],
  ['a start in the future', { claims: { nbf: Math.floor(Date.now() / 1_000) + 3_600 } }],
])('refused: %s', (_, changes) => refused(forge(changes)));

test('refused: none of the algorithm, without a signature', () =>
  refused(forge({ alg: 'none' }).replace(/[^.]*$/, '')));

test('a token ends when it says, give or take a few seconds between clocks', async () => {
  const token = await tokens.issue(userId, sessionId);
  vi.useFakeTimers({ now: Date.now() + (ACCESS_TOKEN_SECONDS + 3) * 1_000, toFake: ['Date'] });
  await expect(tokens.verify(token)).resolves.toMatchObject({ userId });
  vi.setSystemTime(Date.now() + 4_000);
  await refused(token);
});

test.each(['', '.', '..', '...', 'a.b.c', 'Bearer x', '\0', 'é.é.é', 'a'.repeat(100_000)])('refused: %j', refused);

test('a token altered anywhere, in any of its three parts, is refused', async () => {
  const token = await tokens.issue(userId, sessionId);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  await fc.assert(
    fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(...alphabet, '.', '=', ''), async (at, character) => {
      fc.pre(token[at] !== character);
      await refused(token.slice(0, at) + character + token.slice(at + 1));
    }),
  );
});

test('the last character is spelt in one way only', async () => {
  const token = await tokens.issue(userId, sessionId);
  for (const last of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') {
    if (!token.endsWith(last)) await refused(token.slice(0, -1) + last);
  }
});
