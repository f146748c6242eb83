import { expect, test } from 'vitest';
import { LOOKS, Silence } from './silence.ts';

test('a run is silent that gave no sign of life for so many looks in a row, and one that gives some is not', () => {
  const silence = new Silence();
  for (let look = 0; look < LOOKS; look++) {
    expect(silence.look(new Map(Object.entries({ dead: 5, rare: look < LOOKS - 1 ? 5 : 6, living: look })))).toEqual(
      [],
    );
  }
  expect(silence.look(new Map(Object.entries({ dead: 5, rare: 6, living: LOOKS })))).toEqual(['dead']);
});

test('how old the last sign of life is by any clock says nothing', () => {
  const silence = new Silence();
  const signs = new Map([
    ['old', 0],
    ['ahead', Date.now() + 86_400_000],
  ]);
  expect(silence.look(signs)).toEqual([]);
  expect(silence.look(signs)).toEqual([]);
});

test('one that was away is watched from the beginning', () => {
  const silence = new Silence();
  const signs = new Map([['run', 1]]);
  for (let look = 0; look < LOOKS; look++) silence.look(signs);
  silence.look(new Map());
  expect(silence.look(signs)).toEqual([]);
});
