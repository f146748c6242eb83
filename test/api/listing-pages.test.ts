import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Api } from '../harness/client.ts';
import { seeded } from '../harness/fixtures/random.ts';
import { useSharedStack } from '../harness/stack.ts';
import type { FileView, Page } from '../harness/views.ts';

const stack = useSharedStack();
const FOLDERS = ['', 'a', 'a/b', 'ä'];
const NAMES = ['a', 'A', 'b', 'ß', 'ss', 'Z', '～', '🏔', 'a b', 'a.b'];
let user: Api;
let all: FileView[];

beforeAll(async () => {
  user = await stack.api.signUp();
  const random = seeded(42);
  const pick = (choices: readonly string[]) => choices[Math.floor(random() * choices.length)] as string;
  for (let i = 0; i < 12; i += 1) {
    await user.sendForm([
      { field: 'folder', content: pick(FOLDERS) },
      { field: 'metadata', content: JSON.stringify({ colour: pick(['red', 'blue']) }) },
      ...Array.from({ length: 8 }, () => ({
        field: 'file',
        filename: `${pick(NAMES)}.txt`,
        type: 'text/plain',
        content: 'x'.repeat(Math.floor(random() * 4)),
      })),
    ]);
  }
  all = await user.listAll();
});

type Filter = { readonly folder?: string; readonly colour?: string; readonly q?: string };
const SORTS = ['createdAt', '-createdAt', 'name', '-name', 'size', '-size'] as const;

const filters = fc.record(
  {
    folder: fc.constantFrom(...FOLDERS),
    colour: fc.constantFrom('red', 'blue'),
    q: fc.constantFrom('a', 'A', '.TXT', 'ss', 'ß', '🏔', '～.t'),
  },
  { requiredKeys: [] },
);

const toQuery = ({ folder, colour, q }: Filter): Record<string, string> => ({
  ...(folder === undefined ? {} : { folder }),
  ...(colour === undefined ? {} : { 'metadata.colour': colour }),
  ...(q === undefined ? {} : { q }),
});

const bytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

function expected(files: readonly FileView[], { folder, colour, q }: Filter, sort: (typeof SORTS)[number]): string[] {
  const sign = sort.startsWith('-') ? -1 : 1;
  const by = sort.replace('-', '') as 'createdAt' | 'name' | 'size';
  const compare = (a: FileView, b: FileView) => {
    const order = by === 'size' ? a.size - b.size : bytes(a[by].toLowerCase(), b[by].toLowerCase());
    return sign * (order || bytes(a.id, b.id));
  };
  return files
    .filter((file) => folder === undefined || file.folder === folder)
    .filter((file) => colour === undefined || file.metadata.colour === colour)
    .filter((file) => q === undefined || file.name.toLowerCase().includes(q.toLowerCase()))
    .sort(compare)
    .map(({ id }) => id);
}

describe('pages, one after the other', () => {
  test('are the sorted and filtered whole', async () => {
    expect(all).toHaveLength(96);
    await fc.assert(
      fc.asyncProperty(
        filters,
        fc.constantFrom(...SORTS),
        fc.integer({ min: 1, max: 60 }),
        async (filter, sort, limit) => {
          const found = await user.listAll({ ...toQuery(filter), sort, limit: String(limit) });
          expect(found.map(({ id }) => id)).toEqual(expected(all, filter, sort));
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each(SORTS)('by %s neither skip nor repeat what was there, while others come and go', async (sort) => {
    const before = (await user.listAll()).map(({ id }) => id);
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let i = 0; cursor !== null; i += 1) {
      const page: Page<FileView> = await user.list({ sort, limit: '17', ...(cursor ? { cursor } : {}) });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
      const name = `${NAMES[i % NAMES.length]}-new.txt`;
      const { id } = await user.upload('xx', { name, type: 'text/plain' });
      if (i % 2 === 0) await user.expect(204, 'DELETE', `/api/files/${id}`);
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((id) => before.includes(id)).sort()).toEqual([...before].sort());
  });

  test('say that they are the last, also where the last is full', async () => {
    const total = (await user.listAll({ folder: 'a' })).length;
    const { items, nextCursor } = await user.list({ folder: 'a', limit: String(total) });
    expect({ length: items.length, nextCursor }).toEqual({ length: total, nextCursor: null });
  });
});
