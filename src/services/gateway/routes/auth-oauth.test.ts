import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Answer, call } from '../../../../test/harness/http.ts';
import { expectProblem } from '../../../../test/harness/problems.ts';
import { HoldfastError } from '../../../base/errors.ts';
import type { GatewayDeps } from '../deps.ts';
import { type BareGateway, startBareGateway } from '../testing.ts';

type Auth = GatewayDeps['auth'];
const BROWSER = 'b'.repeat(43);
const SESSION = `hfs_${'s'.repeat(51)}`;
const begin = vi.fn<Auth['beginProviderSignIn']>();
const finish = vi.fn<Auth['finishProviderSignIn']>();
const auth = { beginProviderSignIn: begin, finishProviderSignIn: finish };
let https: BareGateway;
let http: BareGateway;

beforeAll(async () => {
  const settings = { publicUrl: 'https://files.example.com', signInOrigins: ['https://app.example.com'] };
  [https, http] = await Promise.all([startBareGateway({ auth, settings }), startBareGateway({ auth })]);
});
afterAll(() => Promise.all([https.close(), http.close()]));
beforeEach(() => {
  begin.mockReset().mockResolvedValue({
    url: 'https://provider.example/authorize?state=x',
    browserToken: BROWSER,
    expiresAt: new Date(Date.now() + 600_000),
  });
  finish.mockReset().mockResolvedValue({ returnTo: '/app', token: SESSION });
});

const portOf = ({ gateway }: BareGateway) => (gateway.app.server.address() as AddressInfo).port;
const get = (server: BareGateway, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  call('GET', `http://127.0.0.1:${portOf(server)}${path}`, { headers });

describe('a browser that begins to sign in', () => {
  test('keeps its half in a cookie that no neighbour can plant, and no script reads', async () => {
    const { status, headers } = await get(https, '/api/auth/oauth/google');
    expect({ status, location: headers.location }).toEqual({
      status: 302,
      location: 'https://provider.example/authorize?state=x',
    });
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(
        /^__Host-holdfast-sign-in=b+; Max-Age=(600|5\d\d); Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ]);
    expect(headers['cache-control']).toBe('no-store');
    expect((await get(http, '/api/auth/oauth/google')).headers['set-cookie']?.[0]).toMatch(
      /^holdfast-sign-in=b+; Max-Age=(600|5\d\d); Path=\/; HttpOnly; SameSite=Lax$/,
    );
  });

  test('comes back to where the operator says that we are, whatever it calls us', async () => {
    const lies = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' };
    await get(https, '/api/auth/oauth/google', lies);
    await get(http, '/api/auth/oauth/google', lies);
    expect(begin.mock.calls.map(([{ redirectUri }]) => redirectUri)).toEqual([
      'https://files.example.com/api/auth/oauth/google/callback',
      `http://127.0.0.1:${portOf(http)}/api/auth/oauth/google/callback`,
    ]);
  });

  test('is sent nowhere that is not allowed', async () => {
    for (const to of ['https://evil.example', '//evil.example', '']) {
      const answer = await get(https, `/api/auth/oauth/google?return_to=${encodeURIComponent(to)}`);
      expectProblem(answer, 400, 'invalid_request');
    }
    expectProblem(await get(https, '/api/auth/oauth/google?returnTo=/'), 400, 'invalid_request');
    expect(begin).not.toHaveBeenCalled();
    await get(https, '/api/auth/oauth/google?return_to=https://app.example.com/in&invitation=hfi_x');
    expect(begin.mock.calls[0]?.[0]).toMatchObject({ returnTo: 'https://app.example.com/in', invitation: 'hfi_x' });
  });

  test('links nothing by a link that it follows', async () => {
    await get(https, '/api/auth/oauth/google', { authorization: 'Bearer u1' });
    expect(begin.mock.calls[0]?.[0]).not.toHaveProperty('linkSessionId');
    expectProblem(await get(https, '/api/auth/oauth/google/link'), 405, 'method_not_allowed');
  });
});

describe('a browser that comes back', () => {
  const back = '/api/auth/oauth/google/callback?code=a%20b&state=x&iss=https%3A%2F%2Fid.example';

  test('brings its half along, and leaves with a session', async () => {
    const cookie = `__Host-holdfast=${SESSION}; __Host-holdfast-sign-in=${BROWSER}`;
    const { status, headers } = await get(https, back, { cookie });
    expect({ status, location: headers.location }).toEqual({ status: 302, location: '/app' });
    expect(headers['set-cookie']).toEqual([
      '__Host-holdfast-sign-in=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
      `__Host-holdfast=${SESSION}; Max-Age=7776000; Path=/; HttpOnly; Secure; SameSite=Lax`,
    ]);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(finish.mock.calls[0]?.[0]).toMatchObject({
      provider: 'google',
      query: 'code=a%20b&state=x&iss=https%3A%2F%2Fid.example',
      browserToken: BROWSER,
      replaces: SESSION,
    });
  });

  test('with a cookie of another name brings none', async () => {
    await get(https, back, { cookie: `holdfast-sign-in=${BROWSER}; x__Host-holdfast-sign-in=${BROWSER}` });
    expect(finish.mock.calls[0]?.[0]).toMatchObject({ browserToken: '' });
    expect(finish.mock.calls[0]?.[0].replaces).toBeUndefined();
  });

  test('hears what went wrong where it wanted to go, and without a session', async () => {
    finish.mockResolvedValue({ returnTo: 'https://app.example.com/in?tab=1', error: 'email_taken' });
    const { headers } = await get(https, back);
    expect(headers.location).toBe('https://app.example.com/in?tab=1&error=email_taken');
    expect(headers['set-cookie']).toHaveLength(1);
  });

  test('keeps what it has begun when something else comes back', async () => {
    finish.mockRejectedValue(new HoldfastError('sign_in_expired', 'It is over. Sign in again.'));
    const answer = await get(https, back, { cookie: `__Host-holdfast-sign-in=${BROWSER}` });
    expectProblem(answer, 400, 'sign_in_expired');
    expect(answer.headers['set-cookie']).toBeUndefined();
  });
});
