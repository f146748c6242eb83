import { beforeAll, describe, expect, test } from 'vitest';
import type { Api } from '../harness/client.ts';
import { expectProblem } from '../harness/problems.ts';
import { useSharedStack } from '../harness/stack.ts';

const stack = useSharedStack();
let user: Api;
beforeAll(async () => {
  user = await stack.api.signUp();
});

const text = (name = 'note.txt', query = {}) => user.upload('some text', { name, type: 'text/plain', query });
const patch = (id: string, json: unknown) => user.call('PATCH', `/api/files/${id}`, { json });

describe('changing a file', () => {
  test('changes what is named and leaves the rest', async () => {
    const file = await text('before.txt', { folder: 'old', metadata: '{"a":"1","b":"2"}' });
    const renamed = await patch(file.id, { name: 'after.txt' });
    expect(renamed.status).toBe(200);
    expect(renamed.body).toMatchObject({ name: 'after.txt', folder: 'old', metadata: { a: '1', b: '2' }, size: 9 });

    const moved = await patch(file.id, { folder: 'new/place', metadata: { c: '3' } });
    expect(moved.body).toMatchObject({ name: 'after.txt', folder: 'new/place', metadata: { c: '3' } });
    expect(await user.file(file.id)).toEqual(moved.body);
    expect((await user.list({ q: 'after' })).items).toHaveLength(1);
    expect((await user.list({ q: 'before' })).items).toHaveLength(0);
    expect((await user.content(file.id)).toString()).toBe('some text');
  });

  test('sets and clears the time at which it expires', async () => {
    const { id } = await text();
    const expiresAt = '2099-12-31T23:59:59.000Z';
    expect((await patch(id, { expiresAt })).body.expiresAt).toBe(expiresAt);
    expect((await patch(id, {})).body.expiresAt).toBe(expiresAt);
    expect((await patch(id, { expiresAt: null })).body.expiresAt ?? null).toBeNull();
  });

  test('keeps names in one normal form', async () => {
    const { id } = await text();
    expect((await patch(id, { name: 'u\u0308.txt' })).body.name).toBe('ü.txt');
  });

  test.each<[string, unknown]>([
    ['a name that leads out', { name: '../x' }],
    ['an empty name', { name: '' }],
    ['a name of 300 characters', { name: 'x'.repeat(300) }],
    ['no name at all', { name: null }],
    ['a folder that leads out', { folder: 'a/../../b' }],
    ['33 keys', { metadata: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`k${i}`, 'v'])) }],
    ['metadata over 4 KB', { metadata: { k: 'v'.repeat(5_000) } }],
    ['metadata that is no text', { metadata: { k: 1 } }],
    ['nested metadata', { metadata: { k: {} } }],
    ['a visibility that there is not', { visibility: 'hidden' }],
    ['a field that there is not', { colour: 'red' }],
    ['a field of ours', { status: 'pending' }],
  ])('refuses %s, and changes nothing', async (_, json) => {
    const { id } = await text();
    const before = await user.file(id);
    const answer = await patch(id, json);
    expect(answer.status, answer.bytes.toString()).toBe(400);
    expect(await user.file(id)).toEqual(before);
  });
});

describe('a public file', () => {
  test('is there for everybody, until it is private again', async () => {
    const { id } = await text();
    const atPublic = () => stack.api.call('GET', `/public/${id}`);
    expectProblem(await atPublic(), 404, 'not_found');
    await patch(id, { visibility: 'public' });
    const seen = await atPublic();
    expect(seen.bytes.toString()).toBe('some text');
    expect(seen.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    await patch(id, { visibility: 'private' });
    expectProblem(await atPublic(), 404, 'not_found');
  });

  test('is not to be seen in the trash', async () => {
    const { id } = await text('public.txt', { visibility: 'public' });
    expect((await stack.api.call('GET', `/public/${id}`)).status).toBe(200);
    await user.expect(204, 'DELETE', `/api/files/${id}`);
    expectProblem(await stack.api.call('GET', `/public/${id}`), 404, 'not_found');
  });

  test('tells nobody but its owner what is said of it', async () => {
    const { id } = await text('public.txt', { visibility: 'public' });
    const other = await stack.api.signUp();
    expectProblem(await other.call('GET', `/api/files/${id}`), 404, 'not_found');
  });
});

describe('an id', () => {
  test.each(['none', '1', '%00', '..%2f..', crypto.randomUUID(), '018f0000-0000-7000-8000-000000000000'])(
    '%s that nothing has is not found',
    async (id) => {
      for (const path of [`/api/files/${id}`, `/api/files/${id}/content`, `/api/jobs/${id}`, `/public/${id}`]) {
        expectProblem(await user.call('GET', path), 404, 'not_found');
      }
    },
  );
});
