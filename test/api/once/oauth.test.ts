import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Api } from '../../harness/client.ts';
import { type Answer, cookieOf } from '../../harness/http.ts';
import { expectProblem } from '../../harness/problems.ts';
import { Browser } from '../../harness/sign-in/browser.ts';
import { someGitHubUser, startGitHub } from '../../harness/sign-in/github.ts';
import { someOidcUser, startOidc } from '../../harness/sign-in/oidc.ts';
import { useStack } from '../../harness/stack.ts';

const [oidc, github] = await Promise.all([startOidc('keycloak'), startGitHub()]);
const stack = useStack({
  env: {
    ...github.env,
    ...oidc.env,
    // The second of them is not there.
    OIDC_NAME: `${oidc.env.OIDC_NAME},gone`,
    OIDC_ISSUER: `${oidc.env.OIDC_ISSUER},http://127.0.0.1:1`,
    OIDC_CLIENT_ID: `${oidc.env.OIDC_CLIENT_ID},x`,
    OIDC_CLIENT_SECRET: `${oidc.env.OIDC_CLIENT_SECRET},x`,
    SIGN_IN_ORIGINS: 'https://app.example.com',
  },
});
const password = 'correct horse battery staple';

beforeAll(() => oidc.allow(at('/api/auth/oauth/keycloak/callback')));
beforeEach(() => {
  Object.assign(github, { denies: false, broken: false });
  oidc.denies = false;
});
afterAll(() => Promise.all([oidc.stop(), github.stop()]));

const at = (path: string) => `${stack.server.url}${path}`;
const someEmail = () => `user-${crypto.randomUUID()}@example.com`;
const start = (provider: string, query: Readonly<Record<string, string>> = { return_to: '/healthz' }) =>
  at(`/api/auth/oauth/${provider}?${new URLSearchParams(query)}`);
const isBack = (url: URL) => url.pathname.endsWith('/callback');

/** A sign-in from its beginning to its end. */
const signIn = (provider: string, browser = new Browser(), query?: Readonly<Record<string, string>>) =>
  browser
    .go(start(provider, query), (url) => url.origin === 'https://app.example.com')
    .then((end) => ({ ...end, browser }));
const withGitHub = (email: string, more = {}) => {
  github.user = someGitHubUser(email, more);
  return signIn('github');
};
const withOidc = (user: ReturnType<typeof someOidcUser>, browser?: Browser) => {
  oidc.user = user;
  return signIn('keycloak', browser);
};

const me = (browser: Browser) => browser.call('GET', at('/api/auth/me'));
const linked = async (browser: Browser) => (await browser.call('GET', at('/api/auth/oauth/accounts'))).body.items;

/** An account with a password whose e-mail is verified, in a browser that is signed in to it. */
async function verifiedAccount(): Promise<{ browser: Browser; email: string }> {
  const email = someEmail();
  const { browser } = await withGitHub(email);
  const json = { currentPassword: '', newPassword: password };
  expect((await browser.call('POST', at('/api/auth/password'), { json })).status).toBe(204);
  return { browser, email };
}

async function link(browser: Browser, provider: string): Promise<{ url: URL; answer: Answer }> {
  const json = { returnTo: '/healthz?linked' };
  const begun = await browser.call('POST', at(`/api/auth/oauth/${provider}/link`), { json });
  expect(begun.status, begun.bytes.toString()).toBe(200);
  return browser.go(begun.body.url);
}

describe('signing in with a provider', () => {
  test('makes an account, and later finds it', async () => {
    const user = someOidcUser(someEmail().toUpperCase(), { name: 'Ada L.' });
    const first = await withOidc(user);
    expect(first.url.href).toBe(at('/healthz'));
    const account = (await me(first.browser)).body;
    expect(account).toMatchObject({
      email: user.email?.toLowerCase(),
      name: 'Ada L.',
      emailVerified: true,
      hasPassword: false,
      role: 'user',
    });
    expect(await linked(first.browser)).toMatchObject([
      { provider: 'keycloak', issuer: oidc.url, email: account.email },
    ]);
    const { body } = await first.browser.call('GET', at('/api/auth/sessions'));
    expect(body.items).toMatchObject([{ kind: 'web', current: true }]);
    const again = await withOidc({ ...user, email: someEmail() });
    expect((await me(again.browser)).body.id).toBe(account.id);
    const { status } = await stack.api.call('POST', '/api/auth/login', {
      json: { email: account.email, password: '' },
    });
    expect(status).toBe(401);
  });

  test('knows people at GitHub by their ids, and by no e-mail but the primary one', async () => {
    const email = someEmail();
    const { browser } = await withGitHub(email, { id: 7_000_001 });
    const { id } = (await me(browser)).body;
    const renamed = await withGitHub(someEmail(), { id: 7_000_001, login: 'renamed' });
    expect((await me(renamed.browser)).body).toMatchObject({ id, email });
    const other = someEmail();
    const { url } = await withGitHub(other, {
      emails: [
        { email, primary: false, verified: true },
        { email: other, primary: true, verified: false },
      ],
    });
    expect(url.searchParams.get('error')).toBe('email_unverified');
  });

  test('is the same account where both have verified the e-mail', async () => {
    const email = someEmail();
    const one = await withGitHub(email);
    const other = await withOidc(someOidcUser(email));
    expect((await me(other.browser)).body.id).toBe((await me(one.browser)).body.id);
    expect((await linked(one.browser)).map(({ provider }: { provider: string }) => provider)).toEqual([
      'keycloak',
      'github',
    ]);
  });

  test.each([
    ['is not verified', { email_verified: false }],
    ['nobody says to be verified', { email_verified: undefined }],
    ['is not there', { email: undefined }],
  ])('makes no account where the e-mail %s', async (_, more) => {
    const { url, browser } = await withOidc(someOidcUser(someEmail(), more));
    expect(url.href).toBe(at('/healthz?error=email_unverified'));
    expect((await me(browser)).status).toBe(401);
  });

  test('neither takes over an account that nobody has verified, nor is taken over by it', async () => {
    const email = someEmail();
    const planted = await stack.api.signUp(email);
    const { url, browser } = await withGitHub(email);
    expect(url.searchParams.get('error')).toBe('email_taken');
    expect((await me(browser)).status).toBe(401);
    expect((await planted.expect(200, 'GET', '/api/auth/oauth/accounts')).body.items).toEqual([]);
    // Whoever planted it cannot leave an entrance of theirs behind, either.
    github.user = someGitHubUser(someEmail());
    const begun = await planted.expect(200, 'POST', '/api/auth/oauth/github/link', { json: { returnTo: '/healthz' } });
    const carrier = new Browser();
    const [name = '', value = ''] = cookieOf(begun).split('=');
    expect(name).toBe('holdfast-sign-in');
    carrier.setCookie(at('/'), name, value);
    const end = await carrier.go(begun.body.url);
    expect(end.url.searchParams.get('error')).toBe('email_unverified');
    expect((await planted.expect(200, 'GET', '/api/auth/oauth/accounts')).body.items).toEqual([]);
  });

  test('ends the session that the browser had, and begins one of its own', async () => {
    const { browser } = await withGitHub(someEmail());
    const before = browser.cookie(at('/'), 'holdfast') as string;
    await signIn('github', browser);
    const after = browser.cookie(at('/'), 'holdfast') as string;
    expect(after).toMatch(/^hfs_/);
    expect(after).not.toBe(before);
    const { body } = await browser.call('GET', at('/api/auth/sessions'));
    expect(body.items).toHaveLength(1);
  });

  test('is refused to an account that is disabled', async () => {
    const email = someEmail();
    await withGitHub(email);
    const { user } = github;
    expect((await stack.cli('admin', 'disable', email)).code).toBe(0);
    github.user = user;
    const { url } = await signIn('github');
    expect(url.searchParams.get('error')).toBe('account_disabled');
  });

  test('goes where it was told to in the end, and tells there what went wrong', async () => {
    github.user = someGitHubUser(someEmail());
    const away = await signIn('github', new Browser(), { return_to: 'https://app.example.com/in?tab=1' });
    expect(away.url.href).toBe('https://app.example.com/in?tab=1');
    github.denies = true;
    const denied = await signIn('github', new Browser(), { return_to: 'https://app.example.com/in?tab=1' });
    expect(denied.url.href).toBe('https://app.example.com/in?tab=1&error=sign_in_refused');
    oidc.denies = true;
    expect((await signIn('keycloak')).url.href).toBe(at('/healthz?error=sign_in_refused'));
    for (const bad of ['//evil.example', 'https://evil.example', '/\\evil.example', '/..//evil.example']) {
      expectProblem(await new Browser().call('GET', start('github', { return_to: bad })), 400, 'invalid_request');
    }
  });
});

describe('what comes back from a provider', () => {
  /** As far as to where the provider sends the browser back. */
  const onTheWay = async (provider = 'github') => {
    const browser = new Browser();
    github.user = someGitHubUser(someEmail());
    oidc.user = someOidcUser(someEmail());
    const { url } = await browser.go(start(provider), isBack);
    expect(url.searchParams.get('code')).toMatch(/./);
    return { browser, url };
  };
  const changed = (url: URL, change: Readonly<Record<string, string | undefined>>) => {
    const other = new URL(url);
    for (const [name, value] of Object.entries(change)) {
      if (value === undefined) other.searchParams.delete(name);
      else other.searchParams.set(name, value);
    }
    return other.href;
  };

  test('is good once, and only in the browser that began', async () => {
    const { browser, url } = await onTheWay();
    const stranger = new Browser();
    expectProblem(await stranger.call('GET', url.href), 400, 'sign_in_expired');
    await stranger.go(start('github'), isBack);
    expectProblem(await stranger.call('GET', url.href), 400, 'sign_in_expired');
    expect((await browser.call('GET', url.href)).headers.location).toBe('/healthz');
    expect((await me(browser)).status).toBe(200);
    expectProblem(await browser.call('GET', url.href), 400, 'sign_in_expired');
  });

  test.each([
    ['without a state', { state: undefined }],
    ['with another state', { state: 'a'.repeat(43) }],
    ['with an empty state', { state: '' }],
  ])('is nothing %s', async (_, change) => {
    const { browser, url } = await onTheWay();
    expectProblem(await browser.call('GET', changed(url, change)), 400, 'sign_in_expired');
  });

  test('is nothing from another provider than the one that was asked', async () => {
    const { browser, url } = await onTheWay();
    const crossed = url.href.replace('/github/', '/keycloak/');
    expectProblem(await browser.call('GET', crossed), 400, 'sign_in_expired');
    expectProblem(await browser.call('GET', url.href.replace('/github/', '/nobody/')), 400, 'sign_in_expired');
  });

  test.each([
    ['with another code', 'github', { code: 'f'.repeat(20) }],
    ['without a code', 'github', { code: undefined }],
    ['with another code', 'keycloak', { code: 'f'.repeat(43) }],
    ['from another issuer', 'keycloak', { iss: 'https://evil.example' }],
    ['from nobody who says so', 'keycloak', { iss: undefined }],
  ])('signs nobody in %s (%s)', async (_, provider, change) => {
    const { browser, url } = await onTheWay(provider);
    const { headers } = await browser.call('GET', changed(url, change));
    expect(headers.location).toBe('/healthz?error=sign_in_refused');
    expect((await me(browser)).status).toBe(401);
  });

  test('is bound to the browser that began by PKCE, too: a code of another sign-in is worth nothing', async () => {
    for (const provider of ['github', 'keycloak']) {
      const [mine, theirs] = [await onTheWay(provider), await onTheWay(provider)];
      const injected = changed(mine.url, { code: theirs.url.searchParams.get('code') ?? '' });
      expect((await mine.browser.call('GET', injected)).headers.location).toBe('/healthz?error=sign_in_refused');
    }
  });

  test('says so where the provider cannot be reached', async () => {
    expectProblem(await new Browser().call('GET', start('gone')), 503, 'unavailable');
    expectProblem(await new Browser().call('GET', start('nobody')), 404, 'not_found');
    const { browser, url } = await onTheWay();
    github.broken = true;
    expect((await browser.call('GET', url.href)).headers.location).toBe('/healthz?error=unavailable');
  });

  test('leaves nothing behind: no secret is logged, and the cookie is gone', async () => {
    const { browser, url } = await onTheWay();
    const state = url.searchParams.get('state') as string;
    const halves = [
      state,
      browser.cookie(at('/'), 'holdfast-sign-in') as string,
      url.searchParams.get('code') as string,
    ];
    const answer = await browser.call('GET', url.href);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(browser.cookie(at('/'), 'holdfast-sign-in')).toBeUndefined();
    const secrets = [github.env.GITHUB_CLIENT_SECRET, oidc.env.OIDC_CLIENT_SECRET] as string[];
    for (const secret of [...halves, ...secrets]) expect(stack.output()).not.toContain(secret);
  });
});

describe('linked accounts', () => {
  test('are added by whoever is signed in, and taken away as long as there is another way in', async () => {
    const { browser } = await withGitHub(someEmail());
    const { id } = (await me(browser)).body;
    const user = someOidcUser(someEmail(), { email_verified: false });
    oidc.user = user;
    expect((await link(browser, 'keycloak')).url.href).toBe(at('/healthz?linked'));
    const { browser: other } = await withOidc(user);
    expect((await me(other)).body.id).toBe(id);
    const [viaOidc, viaGitHub] = await linked(browser);
    const unlink = (account: { id: string }) => browser.call('DELETE', at(`/api/auth/oauth/accounts/${account.id}`));
    expect((await unlink(viaGitHub)).status).toBe(204);
    expectProblem(await unlink(viaGitHub), 404, 'not_found');
    expectProblem(await unlink(viaOidc), 409, 'conflict');
    const json = { currentPassword: '', newPassword: password };
    expect((await browser.call('POST', at('/api/auth/password'), { json })).status).toBe(204);
    expect((await unlink(viaOidc)).status).toBe(204);
    expect(await linked(browser)).toEqual([]);
    expect((await withOidc(user)).url.searchParams.get('error')).toBe('email_unverified');
  });

  test('are one account’s alone', async () => {
    const taken = someOidcUser(someEmail());
    const owner = await withOidc(taken);
    const { browser } = await withGitHub(someEmail());
    oidc.user = taken;
    expect((await link(browser, 'keycloak')).url.searchParams.get('error')).toBe('conflict');
    const [account] = await linked(owner.browser);
    expectProblem(await browser.call('DELETE', at(`/api/auth/oauth/accounts/${account.id}`)), 404, 'not_found');
    // Linking twice is linking once.
    oidc.user = taken;
    expect((await link(owner.browser, 'keycloak')).url.href).toBe(at('/healthz?linked'));
    expect(await linked(owner.browser)).toHaveLength(1);
  });

  test('verify the e-mail that they share with the account', async () => {
    const email = someEmail();
    const json = { email, password };
    await stack.api.expect(201, 'POST', '/api/auth/signup', { json });
    const browser = new Browser();
    await browser.call('POST', at('/api/auth/sessions'), { json });
    expect((await me(browser)).body.emailVerified).toBe(false);
    github.user = someGitHubUser(email);
    expect((await link(browser, 'github')).url.href).toBe(at('/healthz?linked'));
    expect((await me(browser)).body.emailVerified).toBe(true);
  });

  test('are not added by a session that has ended meanwhile', async () => {
    const { browser } = await verifiedAccount();
    const json = { returnTo: '/healthz' };
    const begun = await browser.call('POST', at('/api/auth/oauth/keycloak/link'), { json });
    await browser.call('POST', at('/api/auth/logout'), { json: {} });
    oidc.user = someOidcUser(someEmail());
    expect((await browser.go(begun.body.url)).url.searchParams.get('error')).toBe('unauthenticated');
  });

  test('are for people who are signed in, on pages of this server', async () => {
    const { browser, email } = await verifiedAccount();
    const path = '/api/auth/oauth/github/link';
    const elsewhere = { json: {}, headers: { 'sec-fetch-site': 'cross-site' } };
    expectProblem(await browser.call('POST', at(path), elsewhere), 403, 'forbidden');
    expectProblem(await stack.api.call('POST', path, { json: {} }), 401, 'unauthenticated');
    const scopes = ['files:read', 'files:write', 'files:delete', 'jobs'];
    const made = await browser.call('POST', at('/api/auth/tokens'), { json: { name: 'ci', scopes } });
    const bearer = { headers: { authorization: `Bearer ${made.body.token}` } };
    expectProblem(await stack.api.call('POST', path, { ...bearer, json: {} }), 403, 'forbidden');
    expectProblem(await stack.api.call('GET', '/api/auth/oauth/accounts', bearer), 403, 'forbidden');
    const bad = await browser.call('POST', at(path), { json: { returnTo: 'https://evil.example' } });
    expectProblem(bad, 400, 'invalid_request');
    expect((await logIn(stack.api, email)).status).toBe(200);
  });
});

test('a page to sign in on hears who there is, and the audit trail who came', async () => {
  const { body } = await stack.api.expect(200, 'GET', '/api/auth/oauth/providers');
  expect(body.items).toEqual([
    { name: 'github', title: 'GitHub', url: '/api/auth/oauth/github' },
    { name: 'keycloak', title: 'keycloak', url: '/api/auth/oauth/keycloak' },
    { name: 'gone', title: 'gone', url: '/api/auth/oauth/gone' },
  ]);
  const { browser, email } = await verifiedAccount();
  const { id } = (await me(browser)).body;
  await stack.cli('admin', 'promote', email);
  const { body: token } = await logIn(stack.api, email);
  const trail = await stack.api.expect(200, 'GET', `/api/admin/audit?actor=${id}`, {
    headers: { authorization: `Bearer ${token.access_token}` },
  });
  const entries = trail.body.items.map(({ action, data }: { action: string; data: object }) => ({ action, ...data }));
  expect(entries).toContainEqual({ action: 'session.created', kind: 'web', method: 'github' });
  expect(entries).toContainEqual({ action: 'identity.linked', method: 'github', issuer: github.url });
  expect(entries).toContainEqual({ action: 'user.created', role: 'user', method: 'github' });
});

const logIn = (api: Api, email: string) => api.call('POST', '/api/auth/login', { json: { email, password } });
