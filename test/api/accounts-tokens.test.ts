import { beforeAll, describe, expect, test } from 'vitest';
import { RULES } from '../../src/services/gateway/route-rules.ts';
import { Api } from '../harness/client.ts';
import { type Description, readDescription, routesOf } from '../harness/openapi.ts';
import { expectProblem } from '../harness/problems.ts';
import { useSharedStack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const stack = useSharedStack();
let admin: Api;
let user: Api;
let adminEmail: string;
let description: Description;

const tokenOf = async (api: Api, scopes: readonly string[], more: object = {}): Promise<Api> => {
  const { body } = await api.expect(201, 'POST', '/api/auth/tokens', { json: { name: 'test', scopes, ...more } });
  return new Api(stack.api.url, body.token);
};

const withOwner = (owner: string) => ({ headers: { 'holdfast-owner': owner } });

beforeAll(async () => {
  adminEmail = `admin-${crypto.randomUUID()}@example.com`;
  [admin, user] = [await stack.api.signUp(adminEmail), await stack.api.signUp()];
  const promoted = await stack.cli('admin', 'promote', adminEmail);
  expect(promoted.stderr + promoted.stdout).toContain(adminEmail);
  await until('the role to be known', async () => (await admin.call('GET', '/api/admin/users')).status === 200);
  description = await readDescription(stack.api);
});

describe('an API token', () => {
  test('opens exactly the routes that its scope is for', async () => {
    const all = ['files:read', 'files:write', 'files:delete', 'jobs', 'admin', 'act-as'];
    const tokens = new Map(
      await Promise.all(all.map(async (scope) => [scope, await tokenOf(admin, [scope])] as const)),
    );
    let tried = 0;
    for (const { method, path, operation } of routesOf(description)) {
      const needed = operation.security?.flatMap((one) => (one.bearer as string[] | undefined) ?? [])[0];
      if (needed === undefined || needed === 'any') continue;
      const url = path.replace(/\{\w+\}/g, crypto.randomUUID());
      for (const [scope, token] of tokens) {
        const answer = await token.call(method, url, operation.requestBody ? { json: {} } : {});
        const refused = answer.status === 403;
        expect([method, path, scope, refused]).toEqual([method, path, scope, scope !== needed]);
        if (refused) expect(answer.headers['www-authenticate']).toContain(`scope="${needed}"`);
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(150);
  });

  test('of every rule there is a route', () => {
    const described = new Set(
      routesOf(description).map(({ method, path }) => `${method} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
    );
    expect(Object.keys(RULES).filter((rule) => !described.has(rule))).toEqual([]);
  });

  test('is shown once, and refused soon after it was revoked', async () => {
    const { body } = await user.expect(201, 'POST', '/api/auth/tokens', {
      json: { name: 'ci', scopes: ['files:read'] },
    });
    expect(body.token).toMatch(/^hft_[\w-]{51}$/);
    const program = new Api(stack.api.url, body.token);
    expect((await program.call('GET', '/api/files')).status).toBe(200);
    const list = await user.expect(200, 'GET', '/api/auth/tokens');
    expect(list.bytes.toString()).not.toContain(body.token);
    expect(list.body.items).toMatchObject([{ name: 'ci', hint: body.token.slice(0, 10), scopes: ['files:read'] }]);
    await user.expect(204, 'DELETE', `/api/auth/tokens/${body.apiToken.id}`);
    await until('it to be refused', async () => (await program.call('GET', '/api/files')).status === 401);
    expectProblem(await user.call('DELETE', `/api/auth/tokens/${body.apiToken.id}`), 404, 'not_found');
  });

  test('cannot make more of what the account may not', async () => {
    const json = { name: 'x', scopes: ['act-as'] };
    expectProblem(await user.call('POST', '/api/auth/tokens', { json }), 403, 'forbidden');
    const program = await tokenOf(admin, ['admin', 'act-as', 'files:read']);
    for (const path of ['/api/auth/tokens', '/api/auth/sessions']) {
      expectProblem(await program.call('GET', path), 403, 'forbidden');
    }
    expect((await program.call('GET', '/api/auth/me')).status).toBe(200);
  });
});

describe('Holdfast-Owner', () => {
  test('keeps the users of a back end apart, from each other and from itself', async () => {
    const backend = await tokenOf(admin, ['files:read', 'files:write', 'files:delete', 'jobs', 'act-as']);
    const [ann, bob] = [withOwner(`ann/${crypto.randomUUID()}`), withOwner(`bob/${crypto.randomUUID()}`)];
    const sent = await backend.sendRaw('of ann', { name: 'ann.txt', ...ann });
    expect(sent.status).toBe(202);
    const { id } = sent.body.files[0];
    expect((await backend.call('GET', `/api/files/${id}/content`, ann)).bytes.toString()).toBe('of ann');
    for (const other of [bob, {}]) {
      expectProblem(await backend.call('GET', `/api/files/${id}`, other), 404, 'not_found');
      expect((await backend.call('GET', '/api/files', other)).body.items).toEqual([]);
    }
    expect((await backend.call('DELETE', `/api/files/${id}`, ann)).status).toBe(204);
    const { body } = await admin.expect(200, 'GET', `/api/admin/audit?target=${id}`);
    expect(body.items).toMatchObject([
      { action: 'file.deleted', ownerId: ann.headers['holdfast-owner'], target: { kind: 'file', id } },
    ]);
    const acted = await admin.expect(
      200,
      'GET',
      `/api/admin/audit?target=${encodeURIComponent(ann.headers['holdfast-owner'])}`,
    );
    expect(acted.body.items.map(({ action }: { action: string }) => action)).toContain('owner.acted_for');
  });

  test('is refused to whoever may not, and never ignored', async () => {
    const reader = await tokenOf(admin, ['files:read']);
    for (const api of [user, admin, reader]) {
      expectProblem(await api.call('GET', '/api/files', withOwner('ann')), 403, 'forbidden');
    }
    const backend = await tokenOf(admin, ['files:read', 'act-as', 'admin']);
    expectProblem(await backend.call('GET', '/api/admin/users', withOwner('ann')), 403, 'forbidden');
    for (const owner of ['', ' ', 'a b', 'ann, bob', 'x'.repeat(256), 'zo\u00eb']) {
      expectProblem(await backend.call('GET', '/api/files', withOwner(owner)), 400, 'invalid_request');
    }
  });

  test('ends with the role of who made the token', async () => {
    const email = `second-${crypto.randomUUID()}@example.com`;
    const second = await stack.api.signUp(email);
    await stack.cli('admin', 'promote', email);
    const { body } = await second.expect(200, 'GET', '/api/auth/me');
    await until('the role to be known', async () => (await second.call('GET', '/api/admin/users')).status === 200);
    const backend = await tokenOf(second, ['files:read', 'act-as']);
    expect((await backend.call('GET', '/api/files', withOwner('ann'))).status).toBe(200);
    await admin.expect(200, 'PATCH', `/api/admin/users/${body.id}`, { json: { role: 'user' } });
    await until(
      'act-as to be refused',
      async () => (await backend.call('GET', '/api/files', withOwner('ann'))).status === 403,
    );
    expect((await backend.call('GET', '/api/files')).status).toBe(200);
  });
});
