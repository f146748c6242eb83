import { expect, test } from 'vitest';
import { fixture } from '../../harness/fixtures.ts';
import { call, cookieOf } from '../../harness/http.ts';
import { useStack } from '../../harness/stack.ts';
import { until } from '../../harness/until.ts';

const stack = useStack({ env: { LOG_LEVEL: 'debug' } });

const lines = (): Record<string, unknown>[] =>
  stack
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

const logged = (what: string, matches: (line: Record<string, unknown>) => boolean) =>
  until(what, () => lines().find(matches));

test('a request is a line with its id, its user and how long it took', async () => {
  const user = await stack.api.signUp();
  const me = (await user.call('GET', '/api/auth/me')).body.id;
  const { headers } = await user.call('GET', '/api/files?q=secret-word');
  const line = await logged('the request in the log', ({ request_id }) => request_id === headers['x-request-id']);
  expect(line).toMatchObject({ user_id: me, method: 'GET', route: '/api/files', status: 200 });
  expect(line.duration).toBeTypeOf('number');
  expect(stack.output()).not.toContain('secret-word');
});

test('a request keeps the id that the caller gave it, if that is a sane one', async () => {
  const ask = (id: string) => stack.api.call('GET', '/healthz', { headers: { 'x-request-id': id } });
  expect((await ask('from-the-caller-1')).headers['x-request-id']).toBe('from-the-caller-1');
  for (const id of ['with space', 'x'.repeat(500), '{"a":1}']) {
    expect((await ask(id)).headers['x-request-id']).not.toBe(id);
  }
});

test('a job is a line with its id and how long it took', async () => {
  const user = await stack.api.signUp();
  const { id, jobs } = await user.upload(await fixture('photo.webp'), { name: 'photo.webp' });
  await user.processed(id);
  for (const job of jobs) {
    const line = await logged(`job ${job.type} in the log`, ({ job_id }) => job_id === job.id);
    expect(line).toMatchObject({ file_id: id, type: job.type });
    expect(line.duration).toBeTypeOf('number');
  }
});

test('no secret is ever in a line', async () => {
  const password = 'a password that nobody else has';
  const credentials = { email: 'quiet@example.com', password };
  await stack.api.expect(201, 'POST', '/api/auth/signup', { json: credentials });
  const { body } = await stack.api.expect(200, 'POST', '/api/auth/login', { json: credentials });
  await stack.api.call('POST', '/api/auth/login', { json: { ...credentials, password: `${password}!` } });
  const user = await stack.api.signUp();
  const { id } = await user.upload('text', { name: 'quiet.txt', type: 'text/plain' });
  const signed = (await user.expect(200, 'POST', `/api/files/${id}/url`, { json: {} })).body.url;
  await call('GET', signed);
  await call('GET', `${signed}x`);
  const begun = await user.begin({ name: 'quiet.bin', size: 4 });
  await user.put(begun.upload.url, 'text', begun.upload.headers);
  await call('POST', begun.confirmUrl, { json: {} });
  const refreshed = await stack.api.call('POST', '/api/auth/refresh', { json: { refresh_token: body.refresh_token } });
  const web = await stack.api.expect(201, 'POST', '/api/auth/sessions', { json: credentials });
  const cookie = cookieOf(web);
  await call('GET', `${stack.api.url()}/api/auth/me`, { headers: { cookie } });
  const api = await user.expect(201, 'POST', '/api/auth/tokens', { json: { name: 'ci', scopes: ['files:read'] } });
  await call('GET', `${stack.api.url()}/api/files`, { headers: { authorization: `Bearer ${api.body.token}` } });
  const last = await call('GET', `${stack.api.url()}/healthz`);
  await logged('all of it in the log', ({ request_id }) => request_id === last.headers['x-request-id']);

  const tokens = [
    body.access_token,
    body.refresh_token,
    refreshed.body.refresh_token,
    user.token,
    cookie.split('=')[1],
    api.body.token,
  ];
  const secrets = [password, ...tokens, signed, begun.upload.url, begun.confirmUrl].map(String);
  for (const secret of secrets) {
    for (const part of [secret, secret.split('/').at(-1) as string]) expect(stack.output()).not.toContain(part);
  }
});
