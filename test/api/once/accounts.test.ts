import { hkdfSync } from 'node:crypto';
import { decodeJwt, type JWTPayload, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { Api } from '../../harness/client.ts';
import { expectProblem } from '../../harness/problems.ts';
import { useStack } from '../../harness/stack.ts';
import { until } from '../../harness/until.ts';

describe('a token that was ours', () => {
  const secret = 'a secret of thirty-two characters';
  const known = useStack({ env: { JWT_SECRET: secret } });
  const minute = 60;
  const now = () => Math.floor(Date.now() / 1000);

  /** A token as the server itself would have made it at that time, of the claims of one that it made. */
  async function tokenAt(issuedAt: number, claims: JWTPayload, { key = secret, label = 'jwt' } = {}): Promise<string> {
    const derived = hkdfSync('sha256', key, '', `holdfast ${label}`, 32);
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + 15 * minute)
      .sign(new Uint8Array(derived));
  }

  test('is refused once it has expired', async () => {
    const claims = decodeJwt((await known.api.signUp()).token as string);
    const ask = (token: string) => new Api(known.api.url, token).call('GET', '/api/auth/me');
    expect((await ask(await tokenAt(now() - minute, claims))).status).toBe(200);
    expectProblem(await ask(await tokenAt(now() - 16 * minute, claims)), 401, 'unauthenticated');
    expectProblem(await ask(await tokenAt(now() + 60 * minute, claims)), 401, 'unauthenticated');
    expectProblem(await ask(await tokenAt(now(), claims, { key: `${secret}.` })), 401, 'unauthenticated');
    expectProblem(await ask(await tokenAt(now(), claims, { label: 'signed-url' })), 401, 'unauthenticated');
  });
});

describe('what has ended', () => {
  const stack = useStack();

  test('makes nobody an admin, not even within the second in which it still reads', async () => {
    const email = 'boss@example.com';
    const boss = await stack.api.signUp(email);
    await stack.cli('admin', 'promote', email);
    const list = () => boss.call('GET', '/api/admin/users');
    await until('the role to be known', async () => (await list()).status === 200);
    const make = { name: 'console', scopes: ['admin'] };
    const { token, apiToken } = (await boss.expect(201, 'POST', '/api/auth/tokens', { json: make })).body;
    const program = new Api(stack.api.url, token);
    await program.expect(200, 'GET', '/api/admin/users');
    await boss.expect(204, 'DELETE', `/api/auth/tokens/${apiToken.id}`);
    const json = { email: 'evil@example.com', password: 'correct horse battery staple', role: 'admin' };
    expectProblem(await program.call('POST', '/api/admin/users', { json }), 401, 'unauthenticated');

    await boss.expect(200, 'GET', '/api/admin/users');
    await boss.expect(204, 'POST', '/api/auth/logout', { json: { everywhere: true } });
    expectProblem(await boss.call('POST', '/api/admin/users', { json }), 401, 'unauthenticated');
  });
});

describe('with SIGNUP=closed', () => {
  const closed = useStack({ env: { SIGNUP: 'closed' } });

  test('nobody makes an account', async () => {
    const json = { email: 'late@example.com', password: 'correct horse battery staple' };
    expectProblem(await closed.api.call('POST', '/api/auth/signup', { json }), 403, 'forbidden');
  });
});

describe('oneself', () => {
  const stack = useStack();

  test('is given a name, and nothing else changes', async () => {
    const api = await stack.api.signUp();
    const before = (await api.expect(200, 'GET', '/api/auth/me')).body;
    const change = async (json: object) => (await api.expect(200, 'PATCH', '/api/auth/me', { json })).body;
    expect(await change({ name: 'Ada' })).toEqual({ ...before, name: 'Ada' });
    expect(await change({ notifications: { uploads: true } })).toMatchObject({ name: 'Ada' });
    expect(await change({ name: null, notifications: { uploads: false } })).toEqual({ ...before, name: null });
    for (const json of [{ name: 7 }, { email: 'eve@example.com' }, { role: 'admin' }]) {
      expectProblem(await api.call('PATCH', '/api/auth/me', { json }), 400, 'invalid_request');
    }
  });
});
