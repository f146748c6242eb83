import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CallOptions, call as callUrl } from '../../../test/harness/http.ts';
import { expectProblem } from '../../../test/harness/problems.ts';
import { HoldfastError } from '../../base/errors.ts';
import { type AuthenticateResponse, CredentialKind } from '../../contract/holdfast/v1/auth.ts';
import { type BareGateway, identityOf, startBareGateway } from './testing.ts';

const refused = () => new HoldfastError('unauthenticated', 'Not this one.');
const authenticate = vi.fn<(token: string) => Promise<AuthenticateResponse>>();
const recordAudit = vi.fn();
let server: BareGateway;

/** By where it listens, and not by how it is called. */
const call = (method: string, path: string, options?: CallOptions) => {
  const { port } = server.gateway.app.server.address() as AddressInfo;
  return callUrl(method, `http://127.0.0.1:${port}${path}`, options);
};

beforeAll(async () => {
  server = await startBareGateway({
    settings: { publicUrl: 'https://files.example.com' },
    authenticate,
    audit: { recordAudit },
    route: (app) => {
      const schema = { hide: true };
      app.get('/test/whose', { config: { scope: 'files:read' }, schema }, async (request) => request.call.principal);
      app.post('/test/write', { config: { scope: 'files:write' }, schema }, async ({ identity }) => identity);
      app.route({
        method: ['GET', 'POST'],
        url: '/test/account',
        config: { scope: 'account' },
        schema,
        handler: async ({ identity }) => identity,
      });
      app.get(
        '/test/maybe',
        { config: { access: 'optional', scope: 'any' }, schema },
        async (request) => request.call.principal,
      );
    },
  });
});
afterAll(() => server.close());
beforeEach(() => {
  recordAudit.mockReset().mockResolvedValue({});
  authenticate.mockReset().mockImplementation(async (token) => {
    if (token.startsWith('web-')) return { ...identityOf('u1'), kind: CredentialKind.SESSION };
    if (token.startsWith('back-')) {
      return {
        ...identityOf('u2'),
        kind: CredentialKind.API_TOKEN,
        credentialId: 't2',
        scopes: ['files:read', 'act-as'],
      };
    }
    return identityOf('u1');
  });
});

let count = 0;
const fresh = (kind: string) => `${kind}-${++count}`;
const bearer = (token: string, more: Readonly<Record<string, string>> = {}) => ({
  headers: { authorization: `Bearer ${token}`, ...more },
});
const cookie = (value: string, more: Readonly<Record<string, string>> = {}) => ({
  headers: { cookie: value, ...more },
});

describe('who sends a request', () => {
  it('is asked once a second, however many requests come together', async () => {
    const token = fresh('user');
    const ask = () => call('GET', '/test/whose', bearer(token));
    for (const answer of await Promise.all([ask(), ask(), ask(), ask()])) expect(answer.body.ownerId).toBe('u1');
    expect(authenticate).toHaveBeenCalledTimes(1);
    authenticate.mockRejectedValue(refused());
    // A second, and what a busy machine takes.
    await expect.poll(async () => (await ask()).status, { interval: 50 }).toBe(401);
  });

  it('is asked anew before what may outlast the credential', async () => {
    const token = fresh('user');
    expect((await call('GET', '/test/account', bearer(token))).status).toBe(200);
    expect((await call('POST', '/test/account', bearer(token))).status).toBe(200);
    authenticate.mockRejectedValue(refused());
    expectProblem(await call('POST', '/test/account', bearer(token)), 401, 'unauthenticated');
    // From then on it is known here for all else, too.
    expectProblem(await call('GET', '/test/account', bearer(token)), 401, 'unauthenticated');
  });

  it('is asked again after a refusal, and once the answer has expired', async () => {
    const token = fresh('user');
    authenticate.mockRejectedValueOnce(refused());
    expect((await call('GET', '/test/whose', bearer(token))).status).toBe(401);
    authenticate.mockResolvedValueOnce({ ...identityOf('u1'), expiresAt: new Date(Date.now() - 1) });
    expect((await call('GET', '/test/whose', bearer(token))).status).toBe(200);
    authenticate.mockRejectedValueOnce(refused());
    expect((await call('GET', '/test/whose', bearer(token))).status).toBe(401);
  });

  it('must be allowed what the route is for', async () => {
    const answer = await call('POST', '/test/write', { ...bearer(fresh('back')), json: {} });
    expectProblem(answer, 403, 'forbidden');
    expect(answer.headers['www-authenticate']).toBe(
      'Bearer realm="holdfast", error="insufficient_scope", scope="files:write"',
    );
  });

  it.each(['Basic dXNlcjpwYXNz', 'Bearer', 'Bearer a b', `Bearer ${'x'.repeat(8_193)}`])(
    '%s is refused',
    async (given) => {
      expectProblem(await call('GET', '/test/maybe', { headers: { authorization: given } }), 401, 'unauthenticated');
      expect(authenticate).not.toHaveBeenCalled();
    },
  );
});

describe('a cookie', () => {
  type Headers = Readonly<Record<string, string>>;
  const write = (more: Headers) =>
    call('POST', '/test/write', { ...cookie(`a=b; __Host-holdfast=${fresh('web')}; c=d`, more), json: {} });

  it('writes only for pages of this server', async () => {
    for (const more of [
      { 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none' },
      { origin: 'https://files.example.com' },
    ] as Headers[]) {
      expect((await write(more)).status).toBe(200);
    }
    for (const more of [
      {},
      { origin: 'http://files.example.com' },
      { origin: 'https://files.example.com.evil.example' },
      { origin: 'https://files.example.com:444' },
      { origin: 'null' },
      { 'sec-fetch-site': 'same-site', origin: 'https://files.example.com' },
      { 'sec-fetch-site': 'cross-site' },
      { host: 'evil.example', origin: 'https://evil.example' },
    ] as Headers[]) {
      expectProblem(await write(more), 403, 'forbidden');
    }
  });

  it('must have the name that is bound to the host, and hold a session', async () => {
    const ask = (header: string) => call('GET', '/test/whose', cookie(header));
    expect((await ask(`__Host-holdfast=${fresh('web')}`)).status).toBe(200);
    for (const header of [
      `holdfast=${fresh('web')}`,
      `x__Host-holdfast=${fresh('web')}`,
      `__Host-holdfast=${fresh('user')}`,
      `__Host-holdfast=${fresh('back')}`,
      '__Host-holdfast=',
      `__Host-holdfast=${'w'.repeat(200)}`,
    ]) {
      expect((await ask(header)).status, header).toBe(401);
    }
    expect((await call('GET', '/test/whose', bearer(fresh('web')))).status).toBe(401);
  });

  it('that has ended is as good as none, where none is needed', async () => {
    authenticate.mockRejectedValueOnce(refused());
    const answer = await call('GET', '/test/maybe', cookie(`__Host-holdfast=${fresh('web')}`));
    expect(answer.body).toEqual({ kind: 'anonymous' });
    const known = await call('GET', '/test/maybe', cookie(`__Host-holdfast=${fresh('web')}`));
    expect(known.body).toEqual({ kind: 'user', ownerId: 'u1' });
  });
});

describe('Holdfast-Owner', () => {
  const act = (token: string, owner: string) => call('GET', '/test/whose', bearer(token, { 'holdfast-owner': owner }));

  it('is for whom a back end acts; the first time stands in the audit trail', async () => {
    const token = fresh('back');
    expect((await act(token, 'ann@shop')).body).toEqual({ kind: 'user', ownerId: 'ann@shop' });
    await act(token, 'ann@shop');
    expect(recordAudit).toHaveBeenCalledTimes(1);
    expect(recordAudit.mock.calls[0]?.[0]).toMatchObject({
      action: 'owner.acted_for',
      actorId: 'u2',
      credentialId: 't2',
      ownerId: 'ann@shop',
    });
    expect((await call('GET', '/test/whose', bearer(token))).body.ownerId).toBe('u2');
  });

  it('changes nothing while that cannot be written down, and goes on reading', async () => {
    const scopes = ['files:read', 'files:write', 'act-as'];
    authenticate.mockResolvedValue({ ...identityOf('u2'), kind: CredentialKind.API_TOKEN, scopes });
    recordAudit.mockRejectedValue(new HoldfastError('unavailable', 'Not now.'));
    const token = fresh('back');
    const write = () => call('POST', '/test/write', bearer(token, { 'holdfast-owner': 'bob@shop' }));
    expect((await act(token, 'bob@shop')).body.ownerId).toBe('bob@shop');
    expectProblem(await write(), 503, 'unavailable');
    recordAudit.mockResolvedValue({});
    expect((await write()).status).toBe(200);
  });

  it('is refused to others, and where it is about nobody’s files', async () => {
    expectProblem(await act(fresh('user'), 'ann'), 403, 'forbidden');
    const token = fresh('back');
    for (const owner of ['', 'a b', 'x'.repeat(256), 'zo\u00eb']) {
      expectProblem(await act(token, owner), 400, 'invalid_request');
    }
    const answer = await call('GET', '/test/maybe', bearer(token, { 'holdfast-owner': 'ann' }));
    expectProblem(answer, 403, 'forbidden');
  });
});
