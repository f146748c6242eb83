import { createHmac } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Api } from '../../harness/client.ts';
import { expectProblem } from '../../harness/problems.ts';
import { AUDIENCE, type IssuerKey, now, someKey, startIssuer } from '../../harness/sign-in/issuer.ts';
import { useStack } from '../../harness/stack.ts';
import { until } from '../../harness/until.ts';

/** Three of them: two that are well, and one that is never there. */
const [first, second, gone] = await Promise.all([startIssuer(), startIssuer(), startIssuer()]);
await gone.stop();
first.keys = [someKey('same', 'RS256')];
second.keys = [someKey('same', 'RS256'), someKey('elliptic'), someKey('edwards', 'EdDSA')];
const stack = useStack({
  env: {
    AUTH_ISSUER: [first, second, gone].map(({ url }) => url).join(','),
    AUTH_AUDIENCE: AUDIENCE,
    // Whom they vouch for has an account, whoever else may make one.
    SIGNUP: 'closed',
  },
});
/** An admin with an account of this server. */
let boss: Api;
beforeAll(async () => {
  const email = 'boss@example.com';
  await stack.cli('admin', 'create', email, '--admin');
  const { stdout } = await stack.cli('admin', 'token', email, '--name', 'test', '--scope', 'admin', 'files:read');
  boss = as(stdout.trim());
  // Their keys are there from here on, however busy the machine was.
  for (const issuer of [first, second]) {
    await until('the keys', async () => (await me(await issuer.sign())).status === 200);
  }
});
afterAll(() => Promise.all([first.stop(), second.stop()]));

const as = (token: string) => new Api(stack.api.url, token);
const me = (token: string) => as(token).call('GET', '/api/auth/me');
const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
const subject = () => `auth0|${crypto.randomUUID()}`;

describe('a token of another issuer', () => {
  test('is its user’s, from the first time on', async () => {
    const sub = subject();
    const claims = { sub, email: 'Ada@Example.com', email_verified: true, name: 'Ada' };
    const { status, body } = await me(await first.sign(claims));
    expect(status).toBe(200);
    // What it says of an e-mail gives nobody that e-mail, and takes it from nobody.
    expect(body).toMatchObject({ email: '', name: 'Ada', role: 'user', emailVerified: false, hasPassword: false });
    const again = as(await first.sign({ sub, name: 'Somebody else' }));
    expect((await again.expect(200, 'GET', '/api/auth/me')).body).toEqual(body);
    const file = await again.upload('hello', { name: 'hello.txt', type: 'text/plain' });
    expect((await as(await first.sign({ sub })).expect(200, 'GET', `/api/files/${file.id}`)).body.name).toBe(
      'hello.txt',
    );

    for (const other of [await first.sign({ sub: subject() }), await second.sign({ sub })]) {
      expect((await me(other)).body.id).not.toBe(body.id);
      expectProblem(await as(other).call('GET', `/api/files/${file.id}`), 404, 'not_found');
    }
  });

  test('is one account’s, however many come at once', async () => {
    const sub = subject();
    const tokens = await Promise.all(Array.from({ length: 8 }, (_, n) => first.sign({ sub, jti: String(n) })));
    const answers = await Promise.all(tokens.map(me));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  });

  test('may be signed with any key that the issuer shows, of any kind that others can verify', async () => {
    for (const key of second.keys) expect((await me(await second.sign({}, {}, key))).status, key.alg).toBe(200);
    expect((await me(await first.sign({ aud: ['https://other.example', AUDIENCE] }))).status).toBe(200);
    expect((await me(await first.sign({}, { typ: 'at+jwt' }))).status).toBe(200);
    expect((await me(await first.sign({}, { typ: undefined }))).status).toBe(200);
  });

  test('does not do what would outlive it', async () => {
    const user = as(await first.sign());
    const json = { name: 'ci', scopes: ['files:read'] };
    expectProblem(await user.call('POST', '/api/auth/tokens', { json }), 403, 'forbidden');
    const password = { currentPassword: '', newPassword: 'tidal lamp purple frost' };
    expectProblem(await user.call('POST', '/api/auth/password', { json: password }), 403, 'forbidden');
    expectProblem(await user.call('GET', '/api/auth/sessions'), 403, 'forbidden');
    expectProblem(await user.call('GET', '/api/admin/users'), 403, 'forbidden');
    expectProblem(await user.call('GET', '/api/files', { headers: { 'holdfast-owner': 'x' } }), 403, 'forbidden');
  });

  test('makes nobody an admin, whatever it says; the operator does', async () => {
    const sub = subject();
    const grand = { sub, role: 'admin', roles: ['admin'], scope: 'admin act-as', realm_access: { roles: ['admin'] } };
    const { body } = await me(await first.sign(grand));
    expect(body.role).toBe('user');
    await boss.expect(200, 'PATCH', `/api/admin/users/${body.id}`, { json: { role: 'admin' } });
    const admin = as(await first.sign({ sub }));
    expect((await admin.expect(200, 'GET', `/api/admin/users/${body.id}`)).body.role).toBe('admin');
  });

  test('is refused when its account is disabled or deleted, for as long as the issuer vouches for it', async () => {
    const sub = subject();
    const id = (await me(await first.sign({ sub }))).body.id;
    const set = (disabled: boolean) => boss.expect(200, 'PATCH', `/api/admin/users/${id}`, { json: { disabled } });
    await set(true);
    expectProblem(await me(await first.sign({ sub, jti: '1' })), 401, 'unauthenticated');
    await set(false);
    // One that was issued before stays refused.
    await until('a token of after that', async () => (await me(await first.sign({ sub }))).status === 200);
    // By its id, because it has no e-mail.
    expect((await stack.cli('admin', 'delete', id)).code).toBe(0);
    expectProblem(await me(await first.sign({ sub, jti: '2' })), 401, 'unauthenticated');
  });

  test.each<[string, JWTPayload, Readonly<Record<string, unknown>>?]>([
    ['for somebody else', { aud: 'https://other.example' }],
    ['for nobody', { aud: undefined }],
    ['of another issuer', { iss: 'https://other.example' }],
    ['of nobody', { iss: undefined }],
    ['of ours, it says', { iss: 'holdfast', aud: 'holdfast' }],
    ['that has expired', { exp: now() - 60 }],
    ['that never expires', { exp: undefined }],
    ['that expires in another age', { exp: 1e15 }],
    ['from the future', { iat: now() + 600, exp: now() + 900 }],
    ['from nobody knows when', { iat: undefined }],
    ['that is not good yet', { nbf: now() + 600 }],
    ['about nobody', { sub: undefined }],
    ['about an empty name', { sub: '' }],
    ['about somebody with a long name', { sub: 'x'.repeat(256) }],
    ['about a name with a NUL', { sub: 'a\0b' }],
    ['about a number', { sub: 7 as unknown as string }],
    ['that is bound to a key', { cnf: { jkt: 'x' } }],
    ['for another end', {}, { typ: 'logout+jwt' }],
    ['with a key that nobody has', {}, { kid: 'nobody’s' }],
    ['with what nobody understands', {}, { crit: ['x'], x: 1 }],
  ])('%s is refused', async (_, claims, header) => {
    expectProblem(await me(await first.sign(claims, header)), 401, 'unauthenticated');
  });

  test('is refused where another key signed it, also one of the same name', async () => {
    expectProblem(await me(await first.sign({}, {}, someKey('same', 'RS256'))), 401, 'unauthenticated');
    expectProblem(await me(await first.sign({}, {}, second.keys[0])), 401, 'unauthenticated');
    expectProblem(await me(await first.sign({ iss: second.url })), 401, 'unauthenticated');
    const good = await first.sign({ sub: subject() });
    const [header, , signature] = good.split('.');
    const altered = `${header}.${encode({ ...JSON.parse(Buffer.from(good.split('.')[1] ?? '', 'base64url').toString()), sub: 'me' })}.${signature}`;
    expectProblem(await me(altered), 401, 'unauthenticated');
    expect((await me(good)).status).toBe(200);
  });

  test('is refused where its algorithm is none, or takes a public key for a secret', async () => {
    const { kid, publicKey } = first.keys[0] as IssuerKey;
    const claims = { iss: first.url, aud: AUDIENCE, sub: subject(), iat: now(), exp: now() + 300 };
    const spki = publicKey.export({ type: 'spki', format: 'pem' }) as string;
    const secrets = [
      spki,
      spki.trim(),
      publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify(publicKey.export({ format: 'jwk' })),
      '',
    ];
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      for (const secret of secrets) {
        const signed = `${encode({ alg, kid, typ: 'JWT' })}.${encode(claims)}`;
        const mac = createHmac(`sha${alg.slice(2)}`, secret)
          .update(signed)
          .digest('base64url');
        expectProblem(await me(`${signed}.${mac}`), 401, 'unauthenticated');
      }
    }
    for (const alg of ['none', 'None', 'NONE', '']) {
      for (const signature of ['', 'AA']) {
        expectProblem(
          await me(`${encode({ alg, typ: 'JWT' })}.${encode(claims)}.${signature}`),
          401,
          'unauthenticated',
        );
      }
    }
    // A key that the token brings along is nobody's.
    const own = someKey('own', 'RS256');
    const jwk = own.publicKey.export({ format: 'jwk' });
    expectProblem(await me(await first.sign({}, { jwk, kid: undefined }, own)), 401, 'unauthenticated');
    expectProblem(await me(await first.sign({}, { jku: `${second.url}/keys` }, own)), 401, 'unauthenticated');
  });

  test('waits for an issuer that cannot be reached, and takes no time of others', async () => {
    const answer = await me(await gone.sign());
    expectProblem(answer, 503, 'unavailable');
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect((await me(await first.sign())).status).toBe(200);
  });

  test('goes on while the issuer is away, with the keys that are known, and takes new ones up at once', async () => {
    await me(await second.sign());
    second.broken = true;
    expect((await me(await second.sign())).status).toBe(200);
    second.broken = false;
    second.keys = [someKey('next', 'EdDSA'), ...second.keys];
    expect((await me(await second.sign())).status).toBe(200);
    const asked = second.fetched;
    for (let time = 0; time < 5; time++) {
      expectProblem(await me(await second.sign({}, { kid: `nobody’s ${time}` })), 401, 'unauthenticated');
    }
    // Whoever names keys that nobody has cannot have it asked each time.
    expect(second.fetched).toBe(asked);
  });

  test('leaves our own as they are', async () => {
    expectProblem(await me('nonsense'), 401, 'unauthenticated');
    expectProblem(await me(`${'x'.repeat(8_000)}`), 401, 'unauthenticated');
    expect((await boss.expect(200, 'GET', '/api/auth/me')).body.email).toBe('boss@example.com');
  });
});
