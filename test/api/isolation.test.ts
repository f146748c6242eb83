import { beforeAll, describe, expect, test } from 'vitest';
import type { Api } from '../harness/client.ts';
import { fixture } from '../harness/fixtures.ts';
import { isForSomebody, mediaExamples, type Route, readDescription, routesOf } from '../harness/openapi.ts';
import { expectProblem } from '../harness/problems.ts';
import { useSharedStack } from '../harness/stack.ts';

const stack = useSharedStack();
let owner: Api;
let other: Api;
let routes: Route[];
let ids: { file: string; trashed: string; pending: string; job: string };

beforeAll(async () => {
  [owner, other] = await Promise.all([stack.api.signUp(), stack.api.signUp()]);
  routes = routesOf(await readDescription(stack.api)).filter(isForSomebody);
  // What an admin may, see accounts-admin.test.ts.
  routes = routes.filter(({ path }) => !path.startsWith('/api/admin/'));
  const file = (await owner.upload(await fixture('photo.webp'), { name: 'private.webp' })).id;
  const trashed = (await owner.upload('x', { name: 'trashed.txt' })).id;
  await owner.expect(204, 'DELETE', `/api/files/${trashed}`);
  const pending = (await owner.begin({ name: 'pending.txt', size: 1 })).file.id;
  await owner.processed(file);
  ids = { file, trashed, pending, job: (await owner.jobs(file))[0]?.id as string };
});

/** The route's paths with ids of what belongs to the owner. */
function pathsOf({ path }: Route): string[] {
  const candidates = path.startsWith('/api/jobs') ? [ids.job] : [ids.file, ids.trashed, ids.pending];
  return candidates.map((id) => path.replace(/\{(id|fileId)\}/, id).replace('{variant}', 'thumbnail'));
}

const ask = (api: Api, { method, operation }: Route, path: string) => {
  const [example] = mediaExamples(operation.requestBody?.content['application/json'] ?? {});
  return api.call(method, path, operation.requestBody ? { json: example ?? {} } : {});
};

const everything = async () => ({
  files: await owner.listAll(),
  trash: await owner.listAll({ trash: 'true' }),
  jobs: await owner.jobs(ids.file),
});

describe('what belongs to another user', () => {
  test('is not found, by any route, and stays as it is', async () => {
    const before = await everything();
    const withIds = routes.filter(({ path }) => path.includes('{'));
    expect(withIds.length).toBeGreaterThanOrEqual(12);
    for (const route of withIds) {
      for (const path of pathsOf(route)) {
        const theirs = await ask(other, route, path);
        if (route.method === 'HEAD') expect(theirs.status, path).toBe(404);
        else expectProblem(theirs, 404, 'not_found');
        // In the very words in which nothing is not found.
        const none = await ask(other, route, path.replace(/[0-9a-f-]{36}/, '0198c5f1-6b7e-7cc3-98c4-dc0c0c07398f'));
        expect(theirs.body?.detail, path).toBe(none.body?.detail);
      }
    }
    expect(await everything()).toEqual(before);
  });

  test('is in no list', async () => {
    for (const query of ['', '?trash=true', '?status=pending', '?q=private']) {
      expect((await other.expect(200, 'GET', `/api/files${query}`)).body.items).toEqual([]);
    }
    expect((await other.expect(200, 'GET', '/api/jobs')).body.items).toEqual([]);
    const { status, body } = await other.call('GET', `/api/jobs?fileId=${ids.file}`);
    expect(status === 404 || body.items.length === 0).toBe(true);
  });
});

describe('nobody', () => {
  test('gets anything of somebody', async () => {
    for (const route of routes) {
      for (const path of pathsOf(route)) {
        const answer = await ask(stack.api, route, path);
        if (route.method === 'HEAD') expect(answer.status, path).toBe(401);
        else expectProblem(answer, 401, 'unauthenticated');
      }
    }
  });
});
