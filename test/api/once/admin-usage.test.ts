import { PassThrough } from 'node:stream';
import { beforeAll, expect, test } from 'vitest';
import type { Api } from '../../harness/client.ts';
import { expectProblem } from '../../harness/problems.ts';
import { useStack } from '../../harness/stack.ts';
import { until } from '../../harness/until.ts';

const stack = useStack({ env: { USER_MAX_FILES: '5', USER_QUOTA: '20MB' } });
const MIB = 1024 ** 2;
const QUOTA = 20 * MIB;
let admin: Api;
let user: Api;
let userId: string;

beforeAll(async () => {
  user = await stack.api.signUp('ada@example.com');
  userId = (await user.expect(200, 'GET', '/api/auth/me')).body.id;
  admin = await stack.api.signUp('root@example.com');
  expect((await stack.cli('admin', 'promote', 'root@example.com')).code).toBe(0);
  await until('the role to be known', async () => (await admin.call('GET', '/api/admin/usage')).status === 200);
});

const usage = async (api = user) => (await api.expect(200, 'GET', '/api/usage')).body;

test('however many are begun at once, in forms, bodies and signed requests, never more than the quota of files', async () => {
  const part = (number: number) => ({ field: 'file', filename: `${number}.txt`, content: 'x' });
  const answers = await Promise.all([
    ...[1, 2, 3].map(() => user.sendForm([part(1), part(2)])),
    ...[1, 2, 3].map(() => user.sendRaw('x', { name: 'raw.txt' })),
    ...[1, 2, 3].map(() =>
      user.call('POST', '/api/uploads', { json: { name: 's', size: 1, contentType: 'text/plain' } }),
    ),
  ]);
  const { files } = await usage();
  expect(files.used + files.held).toBe(5);
  expect(await user.listAll()).toHaveLength(files.used);
  const refused = answers.filter(({ status }) => status === 413);
  expect(refused.length).toBeGreaterThan(0);
  for (const answer of refused) expectProblem(answer, 413, 'file_quota_exceeded');
});

test('an admin gives an owner other quotas, which is audited, and sees what all have', async () => {
  const path = `/api/admin/owners/${userId}/quota`;
  const { body } = await admin.expect(200, 'PUT', path, { json: { files: 100, bytes: 2 * MIB } });
  expect(body).toMatchObject({ owner: userId, bytes: { limit: 2 * MIB }, files: { limit: 100 } });
  await user.upload('one more', { name: 'more.txt' });
  await admin.expect(200, 'PUT', path, { json: { files: null } });
  expect(await usage()).toMatchObject({ bytes: { limit: 2 * MIB }, files: { limit: 5 } });
  expectProblem(await user.sendRaw('x', { name: 'x' }), 413, 'file_quota_exceeded');

  const foreign = `/api/admin/owners/${encodeURIComponent('tenant/7 ü')}/quota`;
  await admin.expect(200, 'PUT', foreign, { json: { files: 7 } });
  const { items, nextCursor } = (await admin.expect(200, 'GET', '/api/admin/usage?limit=200')).body;
  expect(nextCursor).toBeNull();
  expect(items).toContainEqual(await usage());
  expect(items).toContainEqual({
    owner: 'tenant/7 ü',
    bytes: { used: 0, held: 0, limit: QUOTA },
    files: { used: 0, held: 0, limit: 7 },
  });
  const [first] = (await admin.expect(200, 'GET', '/api/admin/usage?limit=1&sort=-files')).body.items;
  expect(first).toEqual(await usage());
  const total = (await admin.expect(200, 'GET', '/api/admin/usage/total')).body;
  expect(total.owners).toBe(items.length);
  expect(total.files.used).toBe((await usage()).files.used);

  const entries = (await admin.expect(200, 'GET', `/api/admin/audit?action=owner.quota_set&target=${userId}`)).body
    .items;
  expect(entries.map(({ data }: { data: unknown }) => data)).toEqual([{ files: null }, { files: 100, bytes: 2 * MIB }]);

  for (const json of [{}, { files: -1 }, { bytes: 1.5 }, { files: '7' }]) {
    expectProblem(await admin.call('PUT', path, { json }), 400, 'invalid_request');
  }
});

test('dead jobs of all are seen, and run again, one or all', async () => {
  const owner = await stack.api.signUp();
  const ownerId = (await owner.expect(200, 'GET', '/api/auth/me')).body.id;
  const broken = Buffer.concat([Buffer.from('ffd8ffe000104a46494600010100', 'hex'), Buffer.alloc(64)]);
  const { id } = await owner.upload(broken, { name: 'broken.jpg', type: 'image/jpeg' });
  const died = async () => {
    expect((await owner.processed(id)).processing.state).toBe('failed');
    return owner.jobs(id);
  };
  const jobs = await died();
  const list = async (query: string) => (await admin.expect(200, 'GET', `/api/admin/jobs?${query}`)).body.items;
  const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1);
  const dead = await list('status=dead');
  expect(dead.toSorted(byId)).toEqual([...jobs].sort(byId).map((job) => ({ ...job, owner: ownerId })));
  expect(await list(`owner=${userId}`)).toEqual([]);
  expect(await list(`owner=${ownerId}&type=${jobs[0]?.type}`)).toHaveLength(1);
  const cli = await stack.cli('admin', 'jobs');
  expect([cli.code, cli.stdout]).toEqual([0, expect.stringContaining(dead[0].id)]);

  const retry = async (json: object) => (await admin.expect(202, 'POST', '/api/admin/jobs/retry', { json })).body;
  expect(await retry({ owner: userId })).toEqual({ retried: 0, more: false });
  expect(await retry({ code: dead[0].code })).toEqual({ retried: jobs.length, more: false });
  await died();
  await admin.expect(204, 'POST', `/api/admin/jobs/${dead[0].id}/retry`);
  await died();
  const nothing = '0198c5f1-6b7e-7cc3-98c4-dc0c0c07398f';
  expectProblem(await admin.call('POST', `/api/admin/jobs/${nothing}/retry`), 404, 'not_found');
  const { items } = (await admin.expect(200, 'GET', '/api/admin/audit?action=jobs.retried')).body;
  expect(items.map(({ data }: { data: unknown }) => data)).toEqual([{ code: dead[0].code }, { owner: userId }]);
});

test('the command shows what owners have, and sets quotas', async () => {
  const shown = async (...order: string[]) => {
    const { code, stdout } = await stack.cli('admin', 'usage', ...order);
    expect(code).toBe(0);
    return stdout
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split('\t'));
  };
  const byBytes = (await shown()).map(([, , , , bytes]) => Number(bytes));
  expect(byBytes).toEqual(byBytes.toSorted((one, other) => other - one));
  const owners = (await shown('--sort', 'owner')).map(([owner]) => owner);
  expect(owners).toContain(userId);
  expect(owners).toEqual(owners.toSorted());
  const set = await stack.cli('admin', 'quota', userId, '--files', '50', '--bytes', 'default');
  expect([set.code, set.stderr]).toEqual([0, expect.stringContaining('50')]);
  expect(await usage()).toMatchObject({ bytes: { limit: QUOTA }, files: { limit: 50 } });
});

test('with an account go its files, and its uploads under way are refused', async () => {
  const leaving = await stack.api.signUp();
  const { id } = (await leaving.expect(200, 'GET', '/api/auth/me')).body;
  const { id: file } = await leaving.upload('x', {
    name: 'x.txt',
    type: 'text/plain',
    query: { visibility: 'public' },
  });
  const begun = await leaving.begin({ name: 'signed.txt', size: 5, contentType: 'text/plain' });
  const body = new PassThrough();
  body.write(Buffer.alloc(300 * 1024));
  const slow = leaving.sendRaw(body, { name: 'slow.txt', type: 'text/plain' });
  await until('the slow upload to begin', async () => (await leaving.list({ status: 'pending' })).items.length === 2);

  await admin.expect(204, 'DELETE', `/api/admin/users/${id}`);
  await until('the token to end', async () => (await leaving.call('GET', '/api/usage')).status === 401);
  expect((await stack.cli('sweep')).code).toBe(0);
  body.end('the second half');
  expectProblem(await slow, 404, 'not_found');
  await stack.api.put(begun.upload.url, 'hello', begun.upload.headers);
  expectProblem(await stack.api.call('POST', begun.confirmUrl), 404, 'not_found');
  expectProblem(await stack.api.call('GET', `/public/${file}`), 404, 'not_found');

  const left = async () => {
    const { items } = (await admin.expect(200, 'GET', '/api/admin/usage?limit=200')).body;
    return items.find(({ owner }: { owner: string }) => owner === id);
  };
  await until('all to be purged', async () => {
    await stack.cli('sweep');
    const { bytes, files } = await left();
    return bytes.used + bytes.held + files.used + files.held === 0;
  });
});

test('nobody but admins', async () => {
  for (const [method, path] of [
    ['GET', '/api/admin/usage'],
    ['GET', '/api/admin/usage/total'],
    ['PUT', `/api/admin/owners/${userId}/quota`],
    ['GET', '/api/admin/jobs'],
    ['POST', '/api/admin/jobs/retry'],
  ] as const) {
    const json = method === 'GET' ? {} : { json: {} };
    expectProblem(await user.call(method, path, json), 403, 'forbidden');
    expectProblem(await stack.api.call(method, path, json), 401, 'unauthenticated');
  }
});
