import { afterEach, expect, test } from 'vitest';
import { until } from '../../../../test/harness/until.ts';
import { HoldfastError } from '../../../base/errors.ts';
import type { AddRequestsRequest } from '../../../contract/holdfast/internal/v1/rate_limit.ts';
import { CredentialKind } from '../../../contract/holdfast/v1/auth.ts';
import { type BareGateway, identityOf, startBareGateway } from '../testing.ts';
import { NO_LIMITS } from './limits.ts';

let gateway: BareGateway;
afterEach(() => gateway.close());

const HOUR = 3600_000;
/** Of long windows, so that none ends in the middle. */
const twoOf = (name: 'reads' | 'writes' | 'anonymous' | 'signIn') => ({
  ...NO_LIMITS,
  [name]: { requests: 2, window: HOUR },
});

async function ask(method: string, path: string, headers: Record<string, string> = {}) {
  const { status, headers: answered, body } = await gateway.call(method, path, { headers });
  const { ratelimit, 'ratelimit-policy': policy, 'retry-after': retryAfter } = answered;
  return { status, ratelimit, policy, retryAfter, code: body?.code };
}
const statuses = async (times: number, ...request: Parameters<typeof ask>) => {
  const seen = [];
  for (let time = 0; time < times; time++) seen.push((await ask(...request)).status);
  return seen;
};
const as = (token: string) => ({ authorization: `Bearer ${token}` });

test('an owner hears where it stands, and to wait', async () => {
  gateway = await startBareGateway({ settings: { rateLimits: twoOf('reads') } });
  const first = await ask('GET', '/api/files/nothing', as('ada'));
  expect(first).toMatchObject({ policy: '"reads";q=2;w=3600', code: 'not_found' });
  expect(first.ratelimit).toMatch(/^"reads";r=1;t=\d+$/);
  await ask('GET', '/api/files/nothing', as('ada'));
  const refused = await ask('GET', '/api/files/nothing', as('ada'));
  expect(refused).toMatchObject({ status: 429, code: 'too_many_requests', policy: '"reads";q=2;w=3600' });
  expect(refused.ratelimit).toBe(`"reads";r=0;t=${refused.retryAfter}`);
  expect(Number(refused.retryAfter)).toBeGreaterThan(0);
  const { bytes } = await gateway.call('GET', '/metrics');
  expect(bytes.toString()).toMatch(/^http_server_rate_limited_total\{.*policy="reads".*\} 1$/m);
  // Others, writes and whoever is not signed in have limits of their own, or none.
  expect((await ask('GET', '/api/files/nothing', as('grace'))).status).toBe(404);
  const write = await ask('DELETE', '/api/files/nothing', as('ada'));
  expect(write).toEqual({
    status: 404,
    code: 'not_found',
    ratelimit: undefined,
    policy: undefined,
    retryAfter: undefined,
  });
  expect((await ask('GET', '/api/files/nothing')).status).toBe(401);
});

test('whoever is not signed in is counted by address, also with a token that is refused; who is signed in goes on', async () => {
  gateway = await startBareGateway({ settings: { rateLimits: twoOf('anonymous') } });
  expect(await statuses(3, 'GET', '/api/files', as('expired'))).toEqual([401, 401, 429]);
  expect(await statuses(1, 'GET', '/public/nothing')).toEqual([429]);
  expect(await statuses(1, 'GET', '/api/files/nothing')).toEqual([429]);
  expect(await statuses(3, 'GET', '/api/files/nothing', as('ada'))).toEqual([404, 404, 404]);
  expect(await statuses(3, 'GET', '/healthz')).toEqual([200, 200, 200]);
});

test('a network of IPv6 is one address, and a proxy is believed only where it is trusted', async () => {
  gateway = await startBareGateway({ settings: { rateLimits: twoOf('anonymous'), trustProxy: ['127.0.0.1'] } });
  const from = (address: string) => ({ 'x-forwarded-for': address });
  expect(await statuses(1, 'GET', '/api/files', from('2001:db8::1'))).toEqual([401]);
  expect(await statuses(2, 'GET', '/api/files', from('2001:db8::ffff:2'))).toEqual([401, 429]);
  expect(await statuses(1, 'GET', '/api/files', from('2001:db8:0:1::1'))).toEqual([401]);
  expect(await statuses(3, 'GET', '/api/files', from('203.0.113.7'))).toEqual([401, 401, 429]);
  // Some proxies write the port, too; what is no address is the proxy's.
  expect(await statuses(1, 'GET', '/api/files', from('203.0.113.7:5678'))).toEqual([429]);
  expect(await statuses(1, 'GET', '/api/files', from('[2001:db8::3]:5678'))).toEqual([429]);
  const unknown = ['unknown', '_hidden', '999.1.1.1'].map(async (text) => statuses(1, 'GET', '/api/files', from(text)));
  expect((await Promise.all(unknown)).flat().toSorted()).toEqual([401, 401, 429]);
  await gateway.close();
  gateway = await startBareGateway({ settings: { rateLimits: twoOf('anonymous') } });
  expect(await statuses(1, 'GET', '/api/files', from('203.0.113.7'))).toEqual([401]);
  expect(await statuses(2, 'GET', '/api/files', from('203.0.113.8'))).toEqual([401, 429]);
});

test('signing up and in has a limit of its own, before a body is read', async () => {
  gateway = await startBareGateway({ settings: { rateLimits: twoOf('signIn') } });
  expect(await statuses(1, 'POST', '/api/auth/signup')).toEqual([400]);
  expect(await statuses(1, 'POST', '/api/auth/login')).toEqual([400]);
  for (const path of ['signup', 'login', 'sessions']) {
    expect(await statuses(1, 'POST', `/api/auth/${path}`)).toEqual([429]);
  }
  expect(await statuses(1, 'POST', '/api/auth/refresh')).toEqual([400]);
});

test('changing a password is limited likewise, by owner: others at the same address go on', async () => {
  gateway = await startBareGateway({ settings: { rateLimits: twoOf('signIn') } });
  expect(await statuses(3, 'POST', '/api/auth/password', as('ada'))).toEqual([400, 400, 429]);
  expect(await statuses(1, 'POST', '/api/auth/password', as('grace'))).toEqual([400]);
  expect(await statuses(1, 'POST', '/api/auth/login')).toEqual([400]);
  expect(await statuses(1, 'DELETE', '/api/files/nothing', as('ada'))).toEqual([404]);
});

test('what is refused for want of a right is counted too', async () => {
  const mayRead = { ...identityOf('ada'), kind: CredentialKind.API_TOKEN, scopes: ['files:read'] };
  gateway = await startBareGateway({ settings: { rateLimits: twoOf('writes') }, authenticate: async () => mayRead });
  expect(await statuses(3, 'DELETE', '/api/files/nothing', as('token'))).toEqual([403, 403, 429]);
  expect(await statuses(1, 'GET', '/api/files/nothing', as('token'))).toEqual([404]);
});

test('counts are put together in the background; while that cannot be, each goes on by its own', async () => {
  const asked: AddRequestsRequest[] = [];
  let isAway = true;
  gateway = await startBareGateway({
    settings: { rateLimits: twoOf('reads') },
    rateLimits: {
      async addRequests(request) {
        asked.push(request);
        if (isAway) throw new HoldfastError('unavailable', 'Auth is away.');
        return { totals: request.counts.map(() => 2) };
      },
    },
  });
  expect(await statuses(1, 'GET', '/api/files/nothing', as('ada'))).toEqual([404]);
  await until('counts to be told', () => asked.length >= 1);
  isAway = false;
  await until('counts to be told again', () => asked.length >= 2);
  // Another has let one in, too.
  await until(
    'the total to be known',
    async () => (await statuses(1, 'GET', '/api/files/nothing', as('ada')))[0] === 429,
  );
  expect(asked.slice(0, 2).map(({ counts }) => counts.map(({ count }) => count))).toEqual([[1], [1]]);
  const warnings = gateway.lines.filter(({ msg }) => msg === 'requests are counted by this gateway alone for now');
  expect(warnings).toHaveLength(1);
});
