import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRange } from './range.ts';

const size = fc.integer({ min: 0, max: 10_000 });
const position = fc.integer({ min: 0, max: 12_000 });

describe('parseRange', () => {
  it.each([
    ['bytes=0-0', { first: 0, last: 0 }],
    ['bytes=0-', { first: 0, last: 99 }],
    ['bytes=10-19', { first: 10, last: 19 }],
    ['bytes=90-500', { first: 90, last: 99 }],
    ['bytes=-10', { first: 90, last: 99 }],
    ['bytes=-1000', { first: 0, last: 99 }],
    ['Bytes = 10-19', { first: 10, last: 19 }],
    ['bytes= , 10-19 ,', { first: 10, last: 19 }],
    [`bytes=0-${'9'.repeat(400)}`, { first: 0, last: 99 }],
  ])('%s of 100 bytes', (header, range) => {
    expect(parseRange(header, 100)).toEqual(range);
  });

  it.each(['bytes=100-', 'bytes=100-200', 'bytes=-0', `bytes=${'9'.repeat(400)}-`])('%s lies outside', (header) => {
    expect(parseRange(header, 100)).toBe('none');
  });

  it.each([
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=5-2',
    'bytes=a-b',
    'bytes=1-2-3',
    'bytes=0x1-2',
    'bytes=+1-2',
    'bytes=1.5-2',
    'bytes=0-1,5-6',
    'bytes=0-1=2',
    'lines=0-1',
    '',
  ])('%s is ignored', (header) => {
    expect(parseRange(header, 100)).toBe('whole');
  });

  it('of nothing gives nothing', () => {
    expect(parseRange('bytes=0-', 0)).toBe('none');
    expect(parseRange('bytes=-5', 0)).toBe('whole');
  });

  it('never leaves the content', () => {
    const header = fc.oneof(
      fc.tuple(position, position).map(([a, b]) => `bytes=${a}-${b}`),
      position.map((a) => `bytes=${a}-`),
      position.map((a) => `bytes=-${a}`),
      fc.stringMatching(/^bytes=[\d,\- ]*$/),
    );
    fc.assert(
      fc.property(header, size, (header, size) => {
        const range = parseRange(header, size);
        if (typeof range === 'string') return;
        expect(range.first).toBeGreaterThanOrEqual(0);
        expect(range.last).toBeGreaterThanOrEqual(range.first);
        expect(range.last).toBeLessThan(size);
      }),
    );
  });

  it('gives what is asked for, as far as it is there', () => {
    fc.assert(
      fc.property(position, position, size, (a, b, size) => {
        const [first, last] = a < b ? [a, b] : [b, a];
        const bytes = Array.from({ length: size }, (_, at) => at);
        const range = parseRange(`bytes=${first}-${last}`, size);
        const expected = bytes.slice(first, last + 1);
        if (range === 'none') expect(expected).toEqual([]);
        else expect(range).toEqual({ first: expected[0], last: expected.at(-1) });
      }),
    );
  });

  it('gives the last bytes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12_000 }), fc.integer({ min: 1, max: 10_000 }), (length, size) => {
        const first = Math.max(0, size - length);
        expect(parseRange(`bytes=-${length}`, size)).toEqual({ first, last: size - 1 });
      }),
    );
  });

  it('throws for nothing', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), size, (header, size) => void parseRange(header, size)));
  });
});
