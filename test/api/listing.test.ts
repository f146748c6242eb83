import { beforeAll, describe, expect, test } from 'vitest';
import type { Api } from '../harness/client.ts';
import { fixture } from '../harness/fixtures.ts';
import { useSharedStack } from '../harness/stack.ts';

const stack = useSharedStack();
let user: Api;
beforeAll(async () => {
  user = await stack.api.signUp();
  const text = (name: string, content: string, query: Record<string, string> = {}) =>
    user.upload(content, { name, type: 'text/plain', query });
  await text('Zebra.txt', 'zz', { folder: 'animals', metadata: '{"kind":"animal","legs":"4"}' });
  await text('ant.txt', 'a', { folder: 'animals/small', metadata: '{"kind":"animal","legs":"6"}' });
  await text('Straße.txt', 'sss', { folder: 'places' });
  await text('100%_real.txt', 'wild');
  await text('Ünïcode NOTES.txt', 'notes!');
  await user.upload(await fixture('photo.webp'), { name: 'photo.webp', query: { folder: 'animals' } });
  await user.upload(await fixture('pages.pdf'), { name: 'pages.pdf' });
  const { id } = await text('trashed.txt', 'gone');
  await user.expect(204, 'DELETE', `/api/files/${id}`);
  await user.begin({ name: 'pending.txt', size: 10 });
});

const names = async (query: Record<string, string>) => (await user.listAll(query)).map(({ name }) => name).sort();

describe('a list of files', () => {
  test.each<[string, Record<string, string>, string[]]>([
    ['part of a name', { q: 'txt' }, ['100%_real.txt', 'Straße.txt', 'Zebra.txt', 'ant.txt', 'Ünïcode NOTES.txt']],
    ['part of a name in another case', { q: 'ZEBRA' }, ['Zebra.txt']],
    ['one letter', { q: 'z' }, ['Zebra.txt']],
    ['two letters', { q: 'zE' }, ['Zebra.txt']],
    ['letters beyond ASCII', { q: 'ÜNÏ' }, ['Ünïcode NOTES.txt']],
    ['letters in another normal form', { q: 'Ünï'.normalize('NFD') }, ['Ünïcode NOTES.txt']],
    ['a wildcard of SQL as itself', { q: '%_r' }, ['100%_real.txt']],
    ['another as itself', { q: '_' }, ['100%_real.txt']],
    ['quotes and operators of a search as themselves', { q: '" OR "' }, []],
    ['a folder alone', { folder: 'animals' }, ['Zebra.txt', 'photo.webp']],
    ['a folder in it', { folder: 'animals/small' }, ['ant.txt']],
    ['the root', { folder: '' }, ['100%_real.txt', 'pages.pdf', 'Ünïcode NOTES.txt']],
    ['a type', { type: 'application/pdf' }, ['pages.pdf']],
    ['a family of types', { type: 'image/*' }, ['photo.webp']],
    ['pending ones', { status: 'pending' }, ['pending.txt']],
    ['the trash', { trash: 'true' }, ['trashed.txt']],
    ['metadata', { 'metadata.kind': 'animal' }, ['Zebra.txt', 'ant.txt']],
    ['two metadata', { 'metadata.kind': 'animal', 'metadata.legs': '6' }, ['ant.txt']],
    ['metadata that nothing has', { 'metadata.none': 'x' }, []],
    [
      'many filters',
      { q: 'z', folder: 'animals', type: 'text/*', status: 'uploaded', 'metadata.legs': '4' },
      ['Zebra.txt'],
    ],
  ])('is filtered by %s', async (_, query, expected) => {
    expect(await names(query)).toEqual([...expected].sort());
  });

  test.each<[string, (a: string, b: string) => boolean]>([
    ['name', (a, b) => Buffer.compare(Buffer.from(a.toLowerCase()), Buffer.from(b.toLowerCase())) <= 0],
    ['-name', (a, b) => Buffer.compare(Buffer.from(a.toLowerCase()), Buffer.from(b.toLowerCase())) >= 0],
  ])('is sorted by %s', async (sort, inOrder) => {
    const sorted = (await user.listAll({ sort, limit: '2' })).map(({ name }) => name);
    for (const [i, name] of sorted.slice(1).entries())
      expect(inOrder(sorted[i] as string, name), sorted.join()).toBe(true);
  });

  test('is newest first where nothing else is said', async () => {
    const times = (await user.listAll()).map(({ createdAt }) => createdAt);
    expect(times).toEqual([...times].sort().reverse());
    expect((await user.listAll({ sort: '-createdAt' })).map(({ id }) => id)).toEqual(
      (await user.listAll()).map(({ id }) => id),
    );
  });

  test.each([
    ['limit=0'],
    ['limit=201'],
    ['limit=ten'],
    ['sort=colour'],
    ['status=lost'],
    ['trash=perhaps'],
    ['folder=..'],
    ['colour=red'],
  ])('with %s is refused', async (query) => {
    const answer = await user.call('GET', `/api/files?${query}`);
    expect(answer.status, answer.bytes.toString()).toBe(400);
    expect(['invalid_request', 'invalid_name']).toContain(answer.body.code);
  });

  test('refuses a cursor that is none, was changed, or belongs to another list', async () => {
    const { nextCursor } = await user.list({ limit: '1' });
    const cursor = nextCursor as string;
    const changed = cursor.replace(/^./, (c) => (c === 'e' ? 'f' : 'e'));
    const queries: Record<string, string>[] = [
      { cursor: 'nonsense' },
      { cursor: '%00' },
      { cursor: 'a'.repeat(5_000) },
      { cursor: changed },
      { cursor, sort: 'name' },
      { cursor, folder: 'animals' },
      { cursor, q: 'a' },
    ];
    for (const query of queries) {
      const answer = await user.call('GET', `/api/files?${new URLSearchParams(query)}`);
      expect(answer.body?.code, JSON.stringify(query).slice(0, 100)).toMatch(/^invalid_(cursor|request)$/);
      expect(answer.status).toBe(400);
    }
  });

  test('is of one’s own files alone', async () => {
    const other = await stack.api.signUp();
    expect(await other.listAll()).toEqual([]);
    const { nextCursor } = await user.list({ limit: '1' });
    const stolen = await other.call('GET', `/api/files?limit=1&cursor=${encodeURIComponent(nextCursor as string)}`);
    expect(stolen.body.items ?? []).toEqual([]);
  });
});
