import { expect, test } from 'vitest';
import { queryFor } from './query-for.ts';

const SAMPLE = [
  { text: 'report', share: 0.99 },
  { text: "it's", share: 0.01 },
];

test('looks up runs of a part', () => {
  expect(queryFor('report xyzzy', SAMPLE)).toBe("'rt x' & ' xyz'");
});

test('looks up what begins with a part that is shorter, unless many texts hold it', () => {
  expect(queryFor('zq', SAMPLE)).toBe("'zq':*");
  expect(queryFor('日', SAMPLE)).toBe("'日':*");
  expect(queryFor('po', SAMPLE)).toBeUndefined();
});

test('takes characters for what they are', () => {
  expect(queryFor("o'\\b", SAMPLE)).toBe("'o''\\\\b'");
});

test('has no query for what every text or none holds', () => {
  expect(queryFor('', SAMPLE)).toBeUndefined();
  expect(queryFor('ab\0cd', SAMPLE)).toBeUndefined();
});
