import { beforeAll, describe, expect, test } from 'vitest';
import { Api } from '../harness/client.ts';
import { expectProblem } from '../harness/problems.ts';
import { useSharedStack } from '../harness/stack.ts';

const stack = useSharedStack();
const password = 'correct horse battery staple';

const signUp = (json: unknown) => stack.api.call('POST', '/api/auth/signup', { json });
const logIn = (json: unknown) => stack.api.call('POST', '/api/auth/login', { json });
const me = (token: string) => new Api(stack.api.url, token).call('GET', '/api/auth/me');

describe('signing up', () => {
  test('makes an account that can log in and be asked for', async () => {
    const made = await signUp({ email: 'Ada.Lovelace@Example.com', password, name: 'Ada' });
    expect(made.status).toBe(201);
    expect(made.bytes.toString()).not.toMatch(/correct horse|hash|\$2/i);

    const { status, body, headers } = await logIn({ email: 'ada.lovelace@example.COM', password });
    expect({ status, type: body.token_type }).toEqual({ status: 200, type: 'Bearer' });
    expect(body.expires_in).toBeGreaterThan(60);
    expect(headers['cache-control']).toContain('no-store');

    const answer = await me(body.access_token);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ email: 'ada.lovelace@example.com', name: 'Ada' });
  });

  test('takes an e-mail once, however it is written', async () => {
    await signUp({ email: 'grace@example.com', password });
    expectProblem(await signUp({ email: 'GRACE@example.com ', password }), 409, 'email_taken');
  });

  test.each([
    ['no e-mail', { password }],
    ['an e-mail that is none', { email: 'somebody', password }],
    ['a short password', { email: 'short@example.com', password: '1234567' }],
    ['a password of 73 bytes', { email: 'long@example.com', password: 'tidal lamp'.repeat(8).slice(0, 73) }],
    ['a password that many people have', { email: 'common@example.com', password: 'Passw0rd123!' }],
    ['a password made of the e-mail', { email: 'ada.byron.king@example.com', password: 'Ada.Byron.King' }],
    ['a list', []],
    ['a number for a password', { email: 'number@example.com', password: 12345678 }],
  ])('refuses %s', async (_, json) => {
    expectProblem(await signUp(json), 400, 'invalid_request');
  });

  test('refuses JSON that is none, and another content type', async () => {
    const send = (body: string, type: string) =>
      stack.api.call('POST', '/api/auth/signup', { body, headers: { 'content-type': type } });
    expectProblem(await send('{"email":', 'application/json'), 400, 'invalid_request');
    expectProblem(await send('<a/>', 'application/xml'), 415, 'unsupported_media_type');
  });

  test('a prototype in the JSON does no harm', async () => {
    const body = '{"email":"proto@example.com","password":"long enough 1","__proto__":{"admin":true}}';
    const answer = await stack.api.call('POST', '/api/auth/signup', {
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect([201, 400]).toContain(answer.status);
    expect(answer.bytes.toString()).not.toContain('admin');
  });
});

describe('logging in', () => {
  test('says the same of a wrong password and of nobody', async () => {
    await signUp({ email: 'known@example.com', password });
    const wrong = await logIn({ email: 'known@example.com', password: 'not the password' });
    const nobody = await logIn({ email: 'unknown@example.com', password });
    expectProblem(wrong, 401, 'wrong_credentials');
    expectProblem(nobody, 401, 'wrong_credentials');
    expect(nobody.body.detail).toBe(wrong.body.detail);
  });

  test('compares more than the first 72 bytes of a password by refusing longer ones', async () => {
    const longest = `${'Füße über Bäume'.repeat(5).slice(0, 56)}x`;
    expect(Buffer.byteLength(longest)).toBe(72);
    await signUp({ email: 'longest@example.com', password: longest });
    expect((await logIn({ email: 'longest@example.com', password: longest })).status).toBe(200);
    expect((await logIn({ email: 'longest@example.com', password: `${longest}x` })).status).toBe(401);
  });
});

describe('a token', () => {
  let token: string;
  beforeAll(async () => {
    token = (await stack.api.signUp()).token as string;
  });
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = () => JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());

  test('opens what is behind it', async () => {
    expect((await me(token)).status).toBe(200);
  });

  test.each<[string, () => string]>([
    ['that is none', () => 'nonsense'],
    ['that is empty', () => ''],
    ['without a signature (alg: none)', () => `${part({ alg: 'none', typ: 'JWT' })}.${part(claims())}.`],
    [
      'whose alg is NONE and keeps the signature',
      () => `${part({ alg: 'NONE' })}.${token.split('.').slice(1).join('.')}`,
    ],
    [
      'with other claims',
      () => `${token.split('.')[0]}.${part({ ...claims(), sub: crypto.randomUUID() })}.${token.split('.')[2]}`,
    ],
    ['with a changed signature', () => token.replace(/.{4}$/, 'AAAA')],
    ['that is very long', () => `${token}${'a'.repeat(8_000)}`],
  ])('%s is refused', async (_, forged) => {
    const answer = await me(forged());
    expectProblem(answer, 401, 'unauthenticated');
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
  });

  test('is wanted by everything that belongs to somebody', async () => {
    for (const path of ['/api/files', '/api/jobs', '/api/auth/me', `/api/files/${crypto.randomUUID()}`]) {
      expectProblem(await stack.api.call('GET', path), 401, 'unauthenticated');
    }
  });

  test('of another server is refused', async () => {
    const other =
      'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U';
    expectProblem(await me(other), 401, 'unauthenticated');
  });
});
