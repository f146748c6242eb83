import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { newId } from '../../base/ids.ts';
import { privateKeys, secretKey, UnusableKey } from './signing-keys.ts';
import { createAccessTokens } from './tokens.ts';

const pem = (key: KeyObject) => String(key.export({ type: 'pkcs8', format: 'pem' }));
const ed25519 = () => pem(generateKeyPairSync('ed25519').privateKey);
const ec = (namedCurve: string) => pem(generateKeyPairSync('ec', { namedCurve }).privateKey);
const rsa = (modulusLength: number) => pem(generateKeyPairSync('rsa', { modulusLength }).privateKey);

const [userId, sessionId] = [newId(), newId()];

test.each([
  ['Ed25519', ed25519(), 'EdDSA'],
  ['P-256', ec('P-256'), 'ES256'],
  ['RSA', rsa(2048), 'RS256'],
])('%s signs and verifies, and publishes nothing secret', async (_, key, algorithm) => {
  const keys = await privateKeys([key]);
  const tokens = createAccessTokens(keys);
  const token = await tokens.issue(userId, sessionId);
  await expect(tokens.verify(token)).resolves.toMatchObject({ userId, sessionId });
  expect(keys.published).toMatchObject([{ alg: algorithm, use: 'sig', kid: expect.any(String) }]);
  for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(keys.published[0]).not.toHaveProperty(secret);
});

test('of several the first signs and all verify; one that was taken away does not', async () => {
  const [old, next] = [ed25519(), ec('P-256')];
  const [before, during, after] = await Promise.all([
    privateKeys([old]),
    privateKeys([next, old]),
    privateKeys([next]),
  ]);
  const token = await createAccessTokens(before).issue(userId, sessionId);
  await expect(createAccessTokens(during).verify(token)).resolves.toMatchObject({ userId });
  await expect(createAccessTokens(after).verify(token)).rejects.toMatchObject({ code: 'unauthenticated' });
  const newer = await createAccessTokens(during).issue(userId, sessionId);
  await expect(createAccessTokens(after).verify(newer)).resolves.toMatchObject({ userId });
});

test('a token of the secret is none of the keys, and the other way round, whatever it says of itself', async () => {
  const secret = secretKey(Buffer.alloc(32, 7));
  const keys = await privateKeys([ed25519()]);
  const verify = createAccessTokens(keys).verify;
  const bySecret = await createAccessTokens(secret).issue(userId, sessionId);
  await expect(verify(bySecret)).rejects.toMatchObject({ code: 'unauthenticated' });
  const byKey = await createAccessTokens(keys).issue(userId, sessionId);
  await expect(createAccessTokens(secret).verify(byKey)).rejects.toMatchObject({ code: 'unauthenticated' });
  // HMAC with the public key for a secret.
  const spki = keys.current.verify.export({ type: 'spki', format: 'pem' });
  for (const material of [Buffer.from(spki), keys.current.verify.export({ type: 'spki', format: 'der' })]) {
    const forged = await new SignJWT({ sid: sessionId })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: keys.current.id as string })
      .setSubject(userId)
      .setIssuer('holdfast')
      .setAudience('holdfast')
      .setIssuedAt()
      .setExpirationTime('10m')
      .sign(material);
    await expect(verify(forged)).rejects.toMatchObject({ code: 'unauthenticated' });
  }
});

test.each([
  ['nothing', ''],
  ['no key', 'hello'],
  ['a public key', String(generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }))],
  ['another curve', ec('P-384')],
  ['RSA that is too short', rsa(1024)],
])('%s cannot be used', async (_, key) => {
  await expect(privateKeys([key])).rejects.toBeInstanceOf(UnusableKey);
});
