import { expect, test } from 'vitest';
import { queryFor } from './grams.ts';

const SAMPLE = Array.from({ length: 200 }, (_, index) => ({
  text: `report ${index * 9973} of spring`,
  share: 1 / 200,
}));

const runsOf = (part: string) => queryFor(part, SAMPLE)?.split(' & ');

test('looks up the rarest runs of a part', () => {
  expect(runsOf('report xyzzy')).toEqual(["'rt x'", "' xyz'"]);
  expect(runsOf('99999')).toEqual(["'9999'"]);
  expect(runsOf('spring')).toEqual(["'spri'", "'prin'"]);
});

test('weighs runs of the whole of a long part', () => {
  expect(runsOf(`${' of spring'.repeat(20)}${'xyz'.repeat(15)}`)).toContainEqual(expect.stringMatching(/[xyz]{4}/));
});

test('looks up what begins with a part that is shorter, unless many texts hold it', () => {
  expect(runsOf('zq')).toEqual(["'zq':*"]);
  expect(runsOf('日')).toEqual(["'日':*"]);
  expect(runsOf('po')).toBeUndefined();
});

test('takes characters for what they are', () => {
  expect(queryFor("o'\\b", SAMPLE)).toBe("'o''\\\\b'");
  expect(runsOf('a😀b😀')).toEqual(["'a😀b😀'"]);
});

test('has no query for what every text or none holds', () => {
  expect(queryFor('', SAMPLE)).toBeUndefined();
  expect(queryFor('ab\0cd', SAMPLE)).toBeUndefined();
});
