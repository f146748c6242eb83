import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPage } from './pages.ts';

const SORTS = {
  created_at: { column: 'created_at', holds: 'number' },
  name: { column: 'name_key', holds: 'string' },
} as const;
const request = (change: object) => ({ limit: 0, cursor: '', sort: '', ...change });

describe('pages', () => {
  it('give back the position that a cursor was made of', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.maxSafeInteger()), fc.uuid(), fc.string(), (value, id, filter) => {
        const sort = typeof value === 'string' ? 'name' : 'created_at';
        const cursor = readPage(request({ sort }), SORTS, filter).cursorAfter({ value, id });
        expect(readPage(request({ sort, cursor }), SORTS, filter).after).toEqual({ value, id });
      }),
    );
  });

  it('refuse the cursor of another sort or filter', () => {
    const cursor = readPage(request({ sort: 'name' }), SORTS, 'a').cursorAfter({ value: 'x', id: 'y' });
    for (const [sort, filter] of [
      ['-name', 'a'],
      ['created_at', 'a'],
      ['name', 'b'],
    ]) {
      expect(() => readPage(request({ sort, cursor }), SORTS, filter)).toThrow(
        expect.objectContaining({ code: 'invalid_cursor' }),
      );
    }
  });

  it('refuse values that no row of the list has', () => {
    for (const [sort, value, id] of [
      ['name', 1, 'x'],
      ['created_at', 'a', 'x'],
      ['created_at', 1.5, 'x'],
      ['name', 'a\0', 'x'],
      ['name', 'a', 'x\0'],
    ] as const) {
      const cursor = readPage(request({ sort }), SORTS, '').cursorAfter({ value, id });
      expect(() => readPage(request({ sort, cursor }), SORTS, '')).toThrow(
        expect.objectContaining({ code: 'invalid_cursor' }),
      );
    }
  });

  it('refuse any text that is no cursor, and never fail otherwise', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ minLength: 1 }), fc.base64String({ minLength: 1 }), fc.json()), (cursor) => {
        expect(() => readPage(request({ cursor }), SORTS, null)).toThrow(
          expect.objectContaining({ code: 'invalid_cursor' }),
        );
      }),
    );
  });

  it('take 1 to 200, and sort by what there is', () => {
    for (const limit of [-1, 201, 1.5, Number.NaN])
      expect(() => readPage(request({ limit }), SORTS, null)).toThrow(/200/);
    for (const sort of ['size', '--name', 'constructor', '-']) {
      expect(() => readPage(request({ sort }), SORTS, null)).toThrow(/Sort by/);
    }
    expect(readPage(undefined, SORTS, null)).toMatchObject({
      limit: 50,
      sort: { column: 'created_at', direction: 'desc' },
    });
  });
});
