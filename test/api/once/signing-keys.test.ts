import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Api } from '../../harness/client.ts';
import { expectProblem } from '../../harness/problems.ts';
import { startStack } from '../../harness/stack.ts';

describe('with JWT_PRIVATE_KEYS', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-keys-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const pem = async (name: string, type: 'ed25519' | 'ec' | 'rsa') => {
    const { privateKey } =
      type === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : type === 'rsa'
          ? generateKeyPairSync('rsa', { modulusLength: 2048 })
          : generateKeyPairSync('ed25519');
    const file = join(folder, name);
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    return file;
  };

  test('others verify tokens by the published keys, and keys rotate', async () => {
    const [one, two, three] = [await pem('one', 'ed25519'), await pem('two', 'ec'), await pem('three', 'rsa')];
    const signed = await startStack({ env: { JWT_PRIVATE_KEYS: `${one},${three}` } });
    try {
      const first = await signed.api.signUp();
      const jwks = async () => (await signed.api.expect(200, 'GET', '/.well-known/jwks.json')).body;
      const published = await jwks();
      expect(published.keys.map(({ alg }: { alg: string }) => alg)).toEqual(['EdDSA', 'RS256']);
      expect(JSON.stringify(published)).not.toMatch(/"(d|p|q|dp|dq|qi|k)":/);
      const { payload } = await jwtVerify(first.token as string, createLocalJWKSet(published), { issuer: 'holdfast' });
      expect(payload.sub).toMatch(/^[0-9a-f-]{36}$/);

      // A secret, signed with what everybody may know: the classic confusion of algorithms.
      const { kid } = decodeProtectedHeader(first.token as string);
      const publicBytes = new TextEncoder().encode(JSON.stringify(published.keys[0]));
      for (const alg of ['HS256', 'HS512']) {
        const forged = await new SignJWT({ ...payload })
          .setProtectedHeader({ alg, typ: 'JWT', kid: kid as string })
          .sign(publicBytes);
        expectProblem(await new Api(signed.api.url, forged).call('GET', '/api/auth/me'), 401, 'unauthenticated');
      }

      await Promise.all(signed.processes.map((server) => server.kill('SIGTERM')));
      await signed.start({ JWT_PRIVATE_KEYS: `${two},${one}` });
      expect((await first.call('GET', '/api/auth/me')).status).toBe(200);
      const second = await signed.api.signUp();
      expect(decodeProtectedHeader(second.token as string).alg).toBe('ES256');
      await Promise.all(signed.processes.map((server) => server.kill('SIGTERM')));
      await signed.start({ JWT_PRIVATE_KEYS: two });
      expectProblem(await first.call('GET', '/api/auth/me'), 401, 'unauthenticated');
      expect((await second.call('GET', '/api/auth/me')).status).toBe(200);
    } finally {
      await signed.dispose();
    }
  });
});
