import { assert, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_PARTS } from '../limits.ts';
import { partLengthAt } from './part-lengths.ts';

const MIB = 1024 ** 2;
const TIB = 1024 ** 4;
/** S3 takes no larger part. */
const LARGEST_PART = 5 * 1024 ** 3;
const SMALLEST = 5 * MIB;

/** Bytes that fit into so many parts. */
const room = (parts: number, size?: number) =>
  Array.from({ length: parts }, (_, index) => partLengthAt(index + 1, SMALLEST, size)).reduce(
    (sum, one) => sum + one,
    0,
  );

test('parts of a known size are even, no more than there may be, and as small as can be', () => {
  assert(
    property(integer({ min: 0, max: 5 * TIB }), integer({ min: 1, max: MAX_PARTS }), (size, number) => {
      const length = partLengthAt(number, SMALLEST, size);
      expect(length).toBe(partLengthAt(1, SMALLEST, size));
      expect(length * MAX_PARTS).toBeGreaterThanOrEqual(size);
      expect(length === SMALLEST || (length - MIB) * MAX_PARTS < size).toBe(true);
    }),
  );
});

test('parts of an unknown size stay small for long, and hold the largest object that there may be', () => {
  expect(room(5_000)).toBe(5_000 * SMALLEST);
  expect(room(MAX_PARTS)).toBeGreaterThanOrEqual(5 * TIB);
  expect(partLengthAt(MAX_PARTS, SMALLEST)).toBeLessThanOrEqual(LARGEST_PART);
  for (let number = 2; number <= MAX_PARTS; number++) {
    expect(partLengthAt(number, SMALLEST)).toBeGreaterThanOrEqual(partLengthAt(number - 1, SMALLEST));
  }
});
