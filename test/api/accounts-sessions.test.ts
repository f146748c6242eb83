import { describe, expect, test } from 'vitest';
import { Api } from '../harness/client.ts';
import { type Answer, cookieOf } from '../harness/http.ts';
import { expectProblem } from '../harness/problems.ts';
import { useSharedStack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const stack = useSharedStack();
const password = 'correct horse battery staple';

/** A browser with its one cookie, on a page of the server unless it says otherwise. */
const browser = (cookie: string, site: Readonly<Record<string, string>> = { 'sec-fetch-site': 'same-origin' }) => ({
  call: (method: string, path: string, json?: unknown) =>
    stack.api.call(method, path, { headers: { cookie, ...site }, ...(json !== undefined && { json }) }),
});

async function account(): Promise<{ email: string; password: string }> {
  const credentials = { email: `user-${crypto.randomUUID()}@example.com`, password };
  await stack.api.expect(201, 'POST', '/api/auth/signup', { json: credentials });
  return credentials;
}
const webSession = (json: object, headers: Readonly<Record<string, string>> = {}) =>
  stack.api.call('POST', '/api/auth/sessions', { json, headers });
const logIn = async (json: object) => (await stack.api.expect(200, 'POST', '/api/auth/login', { json })).body;

/** Within a second, and what a busy machine takes. */
const soonRefused = (ask: () => Promise<Answer>) =>
  until('the credential to be refused', async () => (await ask()).status === 401);

describe('a session in a browser', () => {
  test('is a cookie that no script and no other site gets at', async () => {
    const made = await webSession(await account(), { 'user-agent': 'Browser/7' });
    expect(made.status).toBe(201);
    expect(made.headers['cache-control']).toBe('no-store');
    const [attributes = ''] = made.headers['set-cookie'] ?? [];
    expect(attributes).toMatch(/^holdfast=hfs_[\w-]+; Max-Age=7776000; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(made.bytes.toString()).not.toContain('hfs_');
    const mine = browser(cookieOf(made));
    expect((await mine.call('GET', '/api/auth/me')).body).toEqual(made.body.user);
    const { body } = await mine.call('GET', '/api/auth/sessions');
    expect(body.items).toMatchObject([{ kind: 'web', current: true, userAgent: 'Browser/7', address: '127.0.0.1' }]);
    expect((await mine.call('POST', '/api/files?name=a.txt', {})).status).toBe(202);
  });

  test('writes only for pages of this server', async () => {
    const cookie = cookieOf(await webSession(await account()));
    const url = new URL(stack.api.url()).origin;
    const write = (site: Readonly<Record<string, string>>) =>
      browser(cookie, site).call('DELETE', '/api/auth/sessions');
    for (const site of [
      {},
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `${url}.evil.example` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site', origin: url },
    ]) {
      expectProblem(await write(site as Record<string, string>), 403, 'forbidden');
    }
    expect((await write({ 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    // Reading tells nothing to who cannot see the answer.
    expect((await browser(cookie, { 'sec-fetch-site': 'cross-site' }).call('GET', '/api/auth/me')).status).toBe(200);
  });

  test('cannot be begun by another site', async () => {
    const json = await account();
    expectProblem(await webSession(json, { 'sec-fetch-site': 'cross-site' }), 403, 'forbidden');
    expectProblem(await webSession(json, { origin: 'https://evil.example' }), 403, 'forbidden');
  });

  test('has a token of its own, whatever the browser brought', async () => {
    const json = await account();
    const planted = `holdfast=hfs_${'a'.repeat(51)}`;
    const made = await webSession(json, { cookie: planted });
    expect(cookieOf(made)).not.toBe(planted);
    expect((await browser(planted).call('GET', '/api/auth/me')).status).toBe(401);
    const again = await webSession(json, { cookie: cookieOf(made) });
    await soonRefused(() => browser(cookieOf(made)).call('GET', '/api/auth/me'));
    expect((await browser(cookieOf(again)).call('GET', '/api/auth/me')).status).toBe(200);
  });

  test('ends when it is left, with its cookie', async () => {
    const cookie = cookieOf(await webSession(await account()));
    const left = await browser(cookie).call('POST', '/api/auth/logout');
    expect(left.status).toBe(204);
    expect(left.headers['set-cookie']?.[0]).toMatch(/^holdfast=; Max-Age=0; Path=\//);
    await soonRefused(() => browser(cookie).call('GET', '/api/auth/me'));
  });

  test('a cookie is no bearer token, and a bearer token is no cookie', async () => {
    const json = await account();
    const cookie = cookieOf(await webSession(json));
    const { access_token } = await logIn(json);
    expect((await new Api(stack.api.url, cookie.split('=')[1]).call('GET', '/api/auth/me')).status).toBe(401);
    expect((await browser(`holdfast=${access_token}`).call('GET', '/api/auth/me')).status).toBe(401);
    // A header goes first, and is held to.
    const both = { headers: { cookie, authorization: 'Bearer nonsense' } };
    expectProblem(await stack.api.call('GET', '/api/auth/me', both), 401, 'unauthenticated');
    for (const bad of ['holdfast=', `holdfast=${'x'.repeat(5_000)}`, 'holdfast', '%%%', 'holdfast=%E0%A4%A']) {
      expect((await browser(bad).call('GET', '/api/auth/me')).status).toBe(401);
    }
  });
});

describe('refresh tokens', () => {
  const refresh = (refresh_token: string) => stack.api.call('POST', '/api/auth/refresh', { json: { refresh_token } });

  test('go on for one that is used, and end the session for one that comes twice', async () => {
    const first = await logIn(await account());
    expect(first).toMatchObject({ token_type: 'Bearer', expires_in: 900, refresh_expires_in: 14 * 24 * 3600 });
    const second = await refresh(first.refresh_token);
    expect(second.headers['cache-control']).toBe('no-store');
    // The answer was lost: the same again.
    expect((await refresh(first.refresh_token)).body.refresh_token).toBe(second.body.refresh_token);
    const third = (await refresh(second.body.refresh_token)).body;
    const me = () => new Api(stack.api.url, third.access_token).call('GET', '/api/auth/me');
    expect((await me()).status).toBe(200);
    expectProblem(await refresh(first.refresh_token), 401, 'unauthenticated');
    expectProblem(await refresh(third.refresh_token), 401, 'unauthenticated');
    await soonRefused(me);
  });

  test('sign out by themselves', async () => {
    const { access_token, refresh_token } = await logIn(await account());
    const revoke = () => stack.api.call('POST', '/api/auth/revoke', { json: { refresh_token } });
    expect((await revoke()).status).toBe(204);
    expect((await revoke()).status).toBe(204);
    expectProblem(await refresh(refresh_token), 401, 'unauthenticated');
    await soonRefused(() => new Api(stack.api.url, access_token).call('GET', '/api/auth/me'));
  });
});

describe('an account with several sessions', () => {
  test('ends one of them, all others, or all; nobody ends another’s', async () => {
    const json = await account();
    const [one, two, three] = [await webSession(json), await webSession(json), await webSession(json)];
    const mine = browser(cookieOf(one));
    const stranger = await stack.api.signUp();
    expectProblem(await stranger.call('DELETE', `/api/auth/sessions/${two.body.session.id}`), 404, 'not_found');
    expect((await mine.call('DELETE', `/api/auth/sessions/${two.body.session.id}`)).status).toBe(204);
    await soonRefused(() => browser(cookieOf(two)).call('GET', '/api/auth/me'));
    expect((await mine.call('DELETE', '/api/auth/sessions')).body).toEqual({ ended: 1 });
    await soonRefused(() => browser(cookieOf(three)).call('GET', '/api/auth/me'));
    expect((await mine.call('GET', '/api/auth/me')).status).toBe(200);
    expect((await mine.call('POST', '/api/auth/logout', { everywhere: true })).status).toBe(204);
    await soonRefused(() => mine.call('GET', '/api/auth/me'));
  });

  test('changes its password: the others end', async () => {
    const json = await account();
    const [one, two] = [await webSession(json), await webSession(json)];
    const change = (currentPassword: string, newPassword: string) =>
      browser(cookieOf(one)).call('POST', '/api/auth/password', { currentPassword, newPassword });
    expectProblem(await change('not the password', 'four other words entirely'), 401, 'wrong_credentials');
    expectProblem(await change(password, 'Passw0rd1'), 400, 'invalid_request');
    expect((await change(password, 'four other words entirely')).status).toBe(204);
    await soonRefused(() => browser(cookieOf(two)).call('GET', '/api/auth/me'));
    expect((await browser(cookieOf(one)).call('GET', '/api/auth/me')).status).toBe(200);
    expectProblem(await webSession(json), 401, 'wrong_credentials');
  });
});

test('who guesses a password has to wait, and hears for how long', async () => {
  const { email } = await account();
  const guess = () => stack.api.call('POST', '/api/auth/login', { json: { email, password: 'a guess of mine' } });
  const answers = [];
  while (answers.length < 30 && answers.at(-1)?.status !== 429) answers.push(await guess());
  expect(answers.length).toBeLessThan(30);
  expectProblem(answers.at(-1) as Answer, 429, 'too_many_requests');
  expect(Number(answers.at(-1)?.headers['retry-after'])).toBeGreaterThanOrEqual(1);
});
