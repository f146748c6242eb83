import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freeze, freezeForGood, thaw } from '../../../src/app/copy/freeze.ts';
import { openDatabase } from '../../../src/drivers/database/index.ts';
import type { DatabaseServer } from '../../../src/drivers/database/port.ts';
import type { AuthTables } from '../../../src/services/auth/index.ts';
import { Api } from '../../harness/client.ts';
import { call, cookieOf } from '../../harness/http.ts';
import { expectProblem } from '../../harness/problems.ts';
import { useStack } from '../../harness/stack.ts';
import { until } from '../../harness/until.ts';

const stack = useStack();
const password = 'correct horse battery staple';
const email = `user-${crypto.randomUUID()}@example.com`;

/** The database of the running server, as `holdfast copy` opens it. */
let source: DatabaseServer;
beforeAll(async () => {
  source = await openDatabase('sqlite:', { dataDir: stack.dataDir, log: pino({ level: 'silent' }) });
});
afterAll(() => source.close());

test('while `holdfast copy` has its source frozen, who is signed in goes on reading, and all else hears when to come back', async () => {
  const { api } = stack;
  await api.signUp(email);
  await stack.cli('admin', 'promote', email);
  const { body: tokens } = await api.expect(200, 'POST', '/api/auth/login', { json: { email, password } });
  const user = new Api(api.url, tokens.access_token);
  const { id } = await user.upload('kept', { name: 'kept.txt', type: 'text/plain' });
  const mayAll = ['files:read', 'files:write', 'act-as'];
  const made = await until('the role to be known', async () => {
    const answer = await user.call('POST', '/api/auth/tokens', { json: { name: 'ci', scopes: mayAll } });
    return answer.status === 201 && answer.body;
  });
  const program = new Api(api.url, made.token);
  const acting = { headers: { 'holdfast-owner': 'alice' } };
  const session = await api.expect(201, 'POST', '/api/auth/sessions', { json: { email, password } });
  const cookie = cookieOf(session);
  const browser = { headers: { cookie, 'sec-fetch-site': 'same-origin' } };
  // Their use would be written down.
  const auth = source.view<AuthTables>();
  await auth.unit(async (tx) => {
    const aged = { last_used_at: Date.now() - 24 * 3600_000 };
    await tx.updateTable('sessions').set(aged).execute();
    await tx.updateTable('api_tokens').set(aged).execute();
  });

  await freeze(source, 'test', () => {});
  expect(await freezeForGood(source, 'test')).toBe(true);
  for (const [signedIn, options] of [
    [user, {}],
    [program, {}],
    [api, browser],
  ] as const) {
    expect((await signedIn.expect(200, 'GET', '/api/files', options)).body.items).toMatchObject([{ id }]);
    expect((await signedIn.expect(200, 'GET', `/api/files/${id}/content`, options)).bytes.toString()).toBe('kept');
  }
  const { body } = await user.expect(200, 'POST', `/api/files/${id}/url`, { json: {} });
  expect((await call('GET', body.url)).bytes.toString()).toBe('kept');
  // For whom a back end acts cannot be written down, and stands in the log.
  expect((await program.expect(200, 'GET', '/api/files', acting)).body.items).toEqual([]);
  await until('the log to tell of it', () => stack.output().includes('"owner.acted_for"'));

  const post = (path: string, json: object) => api.call('POST', path, { json });
  for (const refused of [
    // A wrong password is not told from a right one, and counts as no failure.
    ...(await Promise.all([1, 2, 3, 4, 5, 6, 7].map(() => post('/api/auth/login', { email, password: 'wrong' })))),
    await post('/api/auth/login', { email, password }),
    await post('/api/auth/sessions', { email, password }),
    await post('/api/auth/signup', { email: 'new@example.com', password }),
    await post('/api/auth/refresh', { refresh_token: tokens.refresh_token }),
    await user.sendRaw('late', { name: 'late.txt' }),
    await program.sendRaw('late', { name: 'late.txt', ...acting }),
    await user.call('DELETE', `/api/files/${id}`),
    await api.call('DELETE', `/api/files/${id}`, browser),
  ]) {
    expectProblem(refused, 503, 'unavailable');
    expect(refused.body.detail).toContain('being moved');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  }

  await thaw(source);
  await api.expect(200, 'POST', '/api/auth/login', { json: { email, password } });
  await api.expect(200, 'POST', '/api/auth/refresh', { json: { refresh_token: tokens.refresh_token } });
  await user.expect(204, 'DELETE', `/api/files/${id}`);
});
