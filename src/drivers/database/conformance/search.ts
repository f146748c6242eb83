import fc from 'fast-check';
import { type Expression, type SqlBool, sql } from 'kysely';
import { expect } from 'vitest';
import type { Law } from '../../laws.ts';
import type { Migration } from '../port.ts';
import { type Place, SEARCH } from './place.ts';
import { anyText } from './values.ts';

const INDEXED: Migration = { name: '0001_search', up: (db, dialect) => dialect.search.create(db, SEARCH) };

/** Few characters, so that parts are found often; all that some query language gives a meaning. */
const smallText = (maxLength: number) =>
  fc.string({
    unit: fc.constantFrom('a', 'b', 'A', ' ', '%', '_', '"', '*', "'", '\\', '-', 'é', '\u0301', '日', '😀'),
    maxLength,
  });
const wordText = fc
  .array(
    fc.constantFrom('img', 'scan', 'AND', 'or', 'NOT', 'near', 'report', '.jpg', '2024', '-', ' ', '(', ')', ':'),
    {
      maxLength: 8,
    },
  )
  .map((words) => words.join(''));
const text = fc.oneof(smallText(20), wordText, anyText(20));

/** Parts of the texts, and others. */
const textsAndParts = fc.array(fc.option(text, { freq: 10 }), { minLength: 1, maxLength: 12 }).chain((texts) =>
  fc.record({
    texts: fc.constant(texts),
    parts: fc.array(
      fc.oneof(
        text,
        fc
          .tuple(fc.constantFrom(...texts.map((each) => [...(each ?? '')])), fc.nat(20), fc.nat(20))
          .map(([characters, from, length]) => characters.slice(from, from + length).join('')),
      ),
      { minLength: 1, maxLength: 8 },
    ),
  }),
);

export function searchLaws(law: Law, place: Place): void {
  const found = async (condition: Expression<SqlBool>) => {
    const rows = await place.db.reader.selectFrom('texts').select('id').where(condition).execute();
    return new Set(rows.map(({ id }) => id));
  };
  const write = (texts: readonly (string | null)[]) =>
    place.db.unit(async (tx) => {
      for (const [index, body] of texts.entries())
        await tx
          .insertInto('texts')
          .values({ id: `${index}`, body })
          .execute();
    });
  const clear = () => place.db.unit((tx) => tx.deleteFrom('texts').execute());
  const holders = (texts: readonly (string | null)[], part: string) =>
    new Set(texts.flatMap((body, index) => (body?.includes(part) ? [`${index}`] : [])));
  const makeIndex = () => place.db.migrate('search', [INDEXED]);

  law('finds by `contains` just what holds the part', async () => {
    const { reader, dialect } = place.db;
    await fc.assert(
      fc.asyncProperty(textsAndParts, async ({ texts, parts }) => {
        await write(texts);
        for (const part of parts) {
          const condition = dialect.contains(reader.dynamic.ref<string>('body') as never, part);
          expect(await found(condition), JSON.stringify(part)).toEqual(holders(texts, part));
        }
        await clear();
      }),
      { numRuns: 50 },
    );
  });

  law('finds by the search index just what holds the part, through changes', async () => {
    const { search } = place.db.dialect;
    await makeIndex();
    await fc.assert(
      fc.asyncProperty(
        textsAndParts,
        fc.array(fc.option(text), { maxLength: 12 }),
        async ({ texts, parts }, changes) => {
          const now = [...texts];
          const check = async () => {
            for (const part of parts) {
              expect(await found(search.matches(SEARCH, part)), JSON.stringify(part)).toEqual(holders(now, part));
            }
          };
          await write(now);
          await check();
          await place.db.unit(async (tx) => {
            for (const [index, body] of changes.entries()) {
              const row = tx.updateTable('texts').set({ body }).where('id', '=', `${index}`);
              if ((await row.executeTakeFirst()).numUpdatedRows) now[index] = body;
            }
            await tx.deleteFrom('texts').where('id', '=', '0').execute();
            now[0] = null;
          });
          await check();
          await clear();
          expect(await found(search.matches(SEARCH, ''))).toEqual(new Set());
        },
      ),
      { numRuns: 100 },
    );
  });

  law('finds what holds the part among the rows that have one value in a column', async () => {
    const { search } = place.db.dialect;
    await makeIndex();
    await write(['holiday.jpg', 'Report of a holiday', null, '%']);
    const among = async (value: string, part: string) =>
      found(await search.matchesAmong(place.db.reader, SEARCH, { column: 'id', value }, part));
    for (const [value, part, holders] of [
      ['0', 'holiday', ['0']],
      ['1', 'holiday', ['1']],
      ['1', '%', []],
      ['3', '%', ['3']],
      ['2', '', []],
      ['1', 'a\0', []],
      ['none', 'holiday', []],
    ] as const) {
      const ids = [...(await among(value, part))].filter((id) => id === value);
      expect(ids, `${part} in ${value}`).toEqual(holders);
    }
  });

  law('indexes the rows that were there before the index', async () => {
    await write(['holiday.jpg', 'report.pdf', null]);
    await makeIndex();
    expect(await found(place.db.dialect.search.matches(SEARCH, 'port'))).toEqual(new Set(['1']));
    expect(await found(place.db.dialect.search.matches(SEARCH, ''))).toEqual(new Set(['0', '1']));
  });

  law('finds by an index that was made anew what it found before', async () => {
    await makeIndex();
    await write(['holiday.jpg', 'report.pdf', null]);
    const renewal: Migration = { name: '0002_renewal', up: (db, dialect) => dialect.search.renew(db, SEARCH) };
    await place.db.migrate('search', [INDEXED, renewal]);
    await place.db.unit((tx) => tx.insertInto('texts').values({ id: 'later', body: 'airport' }).execute());
    expect(await found(place.db.dialect.search.matches(SEARCH, 'port'))).toEqual(new Set(['1', 'later']));
  });

  law('takes scattered runs of characters for no part', async () => {
    await makeIndex();
    await write(['abc bcd', 'abcd', 'bcd abc']);
    expect(await found(place.db.dialect.search.matches(SEARCH, 'abcd'))).toEqual(new Set(['1']));
  });

  law('keeps what a unit that was undone wrote out of the index', async () => {
    await makeIndex();
    const undone = place.db.unit(async (tx) => {
      await tx.insertInto('texts').values({ id: 'x', body: 'holiday.jpg' }).execute();
      throw new Error('undone');
    });
    const [first] = await Promise.allSettled([undone, write(['report.pdf'])]);
    expect(first).toMatchObject({ status: 'rejected', reason: { message: 'undone' } });
    expect(await found(place.db.dialect.search.matches(SEARCH, 'holiday'))).toEqual(new Set());
    expect(await found(place.db.dialect.search.matches(SEARCH, 'report'))).toEqual(new Set(['0']));
  });

  law('finds nothing by what no text holds: a NUL character', async () => {
    const { reader, dialect } = place.db;
    const body = reader.dynamic.ref<string>('body') as never;
    await makeIndex();
    await write(['abc', 'abcdef', '{"a":"b"}']);
    expect(await found(dialect.search.matches(SEARCH, 'abc\0def'))).toEqual(new Set());
    expect(await found(dialect.contains(body, '\0'))).toEqual(new Set());
    expect(await found(sql<SqlBool>`${dialect.jsonText(body, 'a\0')} = 'b'`)).toEqual(new Set());
  });
}
