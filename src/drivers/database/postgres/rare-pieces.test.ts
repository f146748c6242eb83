import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rarePieces } from './rare-pieces.ts';

const NAMES = Array.from({ length: 100 }, (_, index) => `report ${index * 9973} of spring.txt`);

test('leaves out what most texts hold', () => {
  expect(rarePieces('report 2500000', NAMES)).toEqual(['2500000']);
  expect(rarePieces('zebra report 77', NAMES)).toEqual(['zebra']);
  expect(rarePieces('report', NAMES)).toEqual([]);
  expect(rarePieces('of', NAMES)).toEqual([]);
});

test('takes all words of a part that holds nothing common, the longest first, and not too many', () => {
  expect(rarePieces('invoice müller', NAMES)).toEqual(['invoice', 'müller']);
  expect(rarePieces('aaa bbbb cc dddddd eee fff ggg', NAMES)).toHaveLength(4);
});

test('gives pieces of the part, each long enough for the index', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.array(fc.string({ unit: 'binary' })), (part, sample) => {
      for (const piece of rarePieces(part, sample)) {
        expect(part).toContain(piece);
        expect([...piece].length).toBeGreaterThanOrEqual(3);
      }
    }),
  );
});
