import { hkdfSync } from 'node:crypto';
import { SignJWT } from 'jose/jwt/sign';
import { describe, expect, test } from 'vitest';
import { Api } from '../../harness/client.ts';
import { expectProblem } from '../../harness/problems.ts';
import { useStack } from '../../harness/stack.ts';

describe('a token that was ours', () => {
  const secret = 'a secret of thirty-two characters';
  const known = useStack({ env: { JWT_SECRET: secret } });
  const minute = 60;
  const now = () => Math.floor(Date.now() / 1000);

  /** A token as the server itself would have made it at that time. */
  async function tokenOf(sub: string, issuedAt: number, { key = secret, label = 'jwt' } = {}): Promise<string> {
    const derived = hkdfSync('sha256', key, '', `holdfast ${label}`, 32);
    return new SignJWT()
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(sub)
      .setIssuer('holdfast')
      .setAudience('holdfast')
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + 15 * minute)
      .sign(new Uint8Array(derived));
  }

  test('is refused once it has expired', async () => {
    const { body } = await (await known.api.signUp()).expect(200, 'GET', '/api/auth/me');
    const ask = (token: string) => new Api(known.api.url, token).call('GET', '/api/auth/me');
    expect((await ask(await tokenOf(body.id, now() - minute))).status).toBe(200);
    expectProblem(await ask(await tokenOf(body.id, now() - 16 * minute)), 401, 'unauthenticated');
    expectProblem(await ask(await tokenOf(body.id, now() + 60 * minute)), 401, 'unauthenticated');
    expectProblem(await ask(await tokenOf(body.id, now(), { key: `${secret}.` })), 401, 'unauthenticated');
    expectProblem(await ask(await tokenOf(body.id, now(), { label: 'signed-url' })), 401, 'unauthenticated');
  });
});

describe('with SIGNUP=closed', () => {
  const closed = useStack({ env: { SIGNUP: 'closed' } });

  test('nobody makes an account', async () => {
    const json = { email: 'late@example.com', password: 'correct horse battery staple' };
    expectProblem(await closed.api.call('POST', '/api/auth/signup', { json }), 403, 'forbidden');
  });
});
