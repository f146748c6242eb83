import fc from 'fast-check';
import { sql } from 'kysely';
import { expect } from 'vitest';
import type { Law } from '../../laws.ts';
import { addCounter, type Place } from './place.ts';

/** Any text that a database takes: whole Unicode without NUL. */
export const anyText = (maxLength: number) =>
  fc.string({ unit: 'binary', maxLength }).map((text) => text.replaceAll('\0', ''));

/** Pairs that a collation would call the same, or sort otherwise than their bytes. */
const TRICKY = [
  'a',
  'A',
  'a ',
  ' a',
  'á',
  'a\u0301',
  'ß',
  'ss',
  'z',
  'Z',
  'i',
  'İ',
  'ı',
  '\uffee',
  '😀',
  '10',
  '9',
  '',
];

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

export function valueLaws(law: Law, place: Place): void {
  const bodies = async (ids: readonly string[]) => {
    const rows = await place.db.reader.selectFrom('texts').selectAll().where('id', 'in', ids).execute();
    return new Map(rows.map(({ id, body }) => [id, body]));
  };
  /** Puts a text into the database and compares it with others there. */
  const texts = async (values: readonly (string | null)[]) => {
    await place.db.unit(async (tx) => {
      await tx.deleteFrom('texts').execute();
      for (const [index, body] of values.entries())
        await tx
          .insertInto('texts')
          .values({ id: `${index}`, body })
          .execute();
    });
  };

  law('gives text back as it was, and null as null', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(anyText(60)), { minLength: 1, maxLength: 10 }), async (values) => {
        await texts(values);
        const read = await bodies(values.map((_, index) => `${index}`));
        expect(values.map((_, index) => read.get(`${index}`))).toEqual(values);
      }),
      { numRuns: 50 },
    );
  });

  law('writes each of many rows its own number, and no other', async () => {
    const keys = [...new Set([...TRICKY, ...Array.from({ length: 150 }, (_, index) => `row "${index}"\\'`)])];
    await place.db.unit(async (tx) => {
      for (const key of [...keys, 'untouched']) await addCounter(tx, key, -1);
    });
    const write = (rows: { key: string; number: number }[]) =>
      place.db.unit((tx) => place.db.dialect.writeNumbers(tx, 'counters', { key: 'name', number: 'value' }, rows));
    await write([]);
    await write([
      ...keys.map((key, index) => ({ key, number: Number.MAX_SAFE_INTEGER - index })),
      { key: '?', number: 0 },
    ]);
    const rows = await place.db.reader.selectFrom('counters').selectAll().execute();
    expect(new Map(rows.map(({ name, value }) => [name, value]))).toEqual(
      new Map([...keys.map((key, index) => [key, Number.MAX_SAFE_INTEGER - index] as const), ['untouched', -1]]),
    );
  });

  law('adds to the rows that are there, and inserts the others', async () => {
    const add = (rows: readonly (readonly [string, number])[]) =>
      place.db.unit((tx) =>
        place.db.dialect.insertOrAdd(
          tx,
          'counters',
          rows.map(([name, value]) => ({ name, value })),
          { key: 'name', number: 'value' },
        ),
      );
    await add([]);
    await add([
      ['one', 1],
      ['two', 2],
    ]);
    await add([
      ['two', 40],
      ['three', 3],
    ]);
    // Nobody's is lost.
    await Promise.all(Array.from({ length: 12 }, () => add([['one', 1], ...TRICKY.map((key) => [key, 2] as const)])));
    const rows = await place.db.reader.selectFrom('counters').selectAll().execute();
    expect(new Map(rows.map(({ name, value }) => [name, value]))).toEqual(
      new Map([['one', 13], ['two', 42], ['three', 3], ...TRICKY.map((key) => [key, 24] as const)]),
    );
  });

  law('gives integers back as they were, up to 2^53 either way', async () => {
    await place.db.unit((tx) => addCounter(tx, 'n'));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.maxSafeInteger(), fc.integer()), async (value) => {
        await place.db.unit((tx) => tx.updateTable('counters').set({ value }).execute());
        const row = await place.db.reader.selectFrom('counters').select('value').executeTakeFirstOrThrow();
        expect(row.value).toBe(value);
      }),
      { numRuns: 100 },
    );
    for (const value of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
      await place.db.unit((tx) => tx.updateTable('counters').set({ value }).execute());
      const found = await place.db.reader.selectFrom('counters').selectAll().where('value', '=', value).execute();
      expect(found).toEqual([{ name: 'n', value }]);
    }
  });

  law('refuses integers over 2^53, going in and coming out', async () => {
    for (const value of [2 ** 53, -(2 ** 53), Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(place.db.unit((tx) => addCounter(tx, 'in', value))).rejects.toThrow();
    }
    await place.db.unit((tx) => addCounter(tx, 'out'));
    await place.db.unit((tx) => sql`update counters set value = 9007199254740993`.execute(tx));
    await expect(place.db.reader.selectFrom('counters').selectAll().execute()).rejects.toThrow();
  });

  law('refuses values that are not strings, numbers or null, and NUL in a text', async () => {
    for (const value of [true, new Date(0), undefined, 1n, { a: 1 }, 'a\0b']) {
      const insert = place.db.unit((tx) =>
        tx
          .insertInto('texts')
          .values({ id: 'x', body: sql`${value}` })
          .execute(),
      );
      await expect(insert, String(value)).rejects.toThrow();
    }
  });

  law('compares text by bytes', async () => {
    await texts(TRICKY);
    for (const body of TRICKY) {
      const same = await place.db.reader.selectFrom('texts').select('body').where('body', '=', body).execute();
      expect(same, JSON.stringify(body)).toEqual([{ body }]);
      const less = await place.db.reader.selectFrom('texts').select('body').where('body', '<', body).execute();
      expect(less.length, JSON.stringify(body)).toBe(TRICKY.filter((other) => byBytes(other, body) < 0).length);
    }
  });

  law('keeps keys apart that differ by a byte', async () => {
    await place.db.unit(async (tx) => {
      for (const name of TRICKY) await addCounter(tx, `k${name}`);
      for (const id of TRICKY)
        await tx
          .insertInto('texts')
          .values({ id: `k${id}`, body: null })
          .execute();
    });
    const rows = await place.db.reader.selectFrom('counters').select('name').execute();
    expect(new Set(rows.map(({ name }) => name))).toEqual(new Set(TRICKY.map((name) => `k${name}`)));
  });

  law('sorts text by bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(anyText(10), fc.constantFrom(...TRICKY)), { maxLength: 20 }),
        async (values) => {
          await texts(values);
          const rows = await place.db.reader.selectFrom('texts').select('body').orderBy('body').execute();
          expect(rows.map(({ body }) => body)).toEqual(values.toSorted(byBytes));
        },
      ),
      { numRuns: 50 },
    );
  });

  law('finds the text at any key of a JSON document', async () => {
    const key = fc.oneof(
      anyText(8),
      fc.constantFrom('$', '$.a', '[0]', '0', '"', 'a.b', '\\', "'", '__proto__', 'a"]'),
    );
    const document = fc.dictionary(key, anyText(8), { maxKeys: 4, noNullPrototype: false });
    await fc.assert(
      fc.asyncProperty(document, key, async (object, other) => {
        await texts([JSON.stringify(object)]);
        for (const name of new Set([...Object.keys(object), other])) {
          const row = await place.db.reader
            .selectFrom('texts')
            .select((eb) => sql<string | null>`${place.db.dialect.jsonText(eb.ref('body'), name)}`.as('text'))
            .executeTakeFirstOrThrow();
          expect(row.text, name).toBe(Object.hasOwn(object, name) ? object[name] : null);
        }
      }),
      { numRuns: 50 },
    );
  });

  law('tells the time of the database in whole milliseconds', async () => {
    const now = await place.db.now();
    expect(Number.isInteger(now)).toBe(true);
    expect(Math.abs(now - Date.now())).toBeLessThan(60_000);
  });
}
