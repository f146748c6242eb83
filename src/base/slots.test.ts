import { expect, test } from 'vitest';
import { Slots } from './slots.ts';

test('so many work at a time, the others in turn, also after one has failed', async () => {
  const slots = new Slots(2);
  const begun: number[] = [];
  const ends = [1, 2, 3, 4].map(() => Promise.withResolvers<void>());
  const uses = ends.map(({ promise }, index) =>
    slots.use(() => {
      begun.push(index);
      return promise;
    }),
  );
  expect({ begun, free: slots.free }).toEqual({ begun: [0, 1], free: 0 });
  ends[1]?.reject(new Error('failed'));
  await expect(uses[1]).rejects.toThrow('failed');
  expect(begun).toEqual([0, 1, 2]);
  for (const index of [0, 2, 3]) ends[index]?.resolve();
  await Promise.all([uses[0], uses[2], uses[3]]);
  expect({ begun, free: slots.free }).toEqual({ begun: [0, 1, 2, 3], free: 2 });
});
