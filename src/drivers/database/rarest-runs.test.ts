import { expect, test } from 'vitest';
import { rarestRuns } from './rarest-runs.ts';

const SAMPLE = Array.from({ length: 200 }, (_, index) => ({
  text: `report ${index * 9973} of spring`,
  share: 1 / 200,
}));

const runsOf = (part: string) => rarestRuns(part, 4, SAMPLE);

test('takes the runs that the fewest texts hold', () => {
  expect(runsOf('report xyzzy')).toEqual(['rt x', ' xyz']);
  expect(runsOf('spring')).toEqual(['spri', 'prin']);
  expect(runsOf('99999')).toEqual(['9999']);
  expect(runsOf('a😀b😀')).toEqual(['a😀b😀']);
  expect(runsOf('999')).toEqual([]);
});

test('weighs runs of the whole of a long part', () => {
  const [rarest] = runsOf(`${' of spring'.repeat(20)}${'xyz'.repeat(15)}`);
  expect(rarest).toMatch(/[xyz]{4}/);
});
