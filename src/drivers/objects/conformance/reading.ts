import { assert, asyncProperty, nat } from 'fast-check';
import { expect } from 'vitest';
import type { Law } from '../../laws.ts';
import { pattern } from './bodies.ts';
import { newKey, type Place, readBody } from './place.ts';

export function readingLaws(law: Law, place: Place): void {
  law('gives any range of an object', async () => {
    const bytes = pattern(700_000);
    const key = newKey();
    await place.store.put(key, bytes);
    const within = nat(bytes.length - 1);
    await assert(
      asyncProperty(within, within, async (one, other) => {
        const [first, last] = [Math.min(one, other), Math.max(one, other)];
        const read = await readBody(place.store, key, { first, last });
        expect(read.equals(bytes.subarray(first, last + 1))).toBe(true);
      }),
      {
        numRuns: 40,
        examples: [
          [0, 0],
          [0, bytes.length - 1],
          [bytes.length - 1, bytes.length - 1],
        ],
      },
    );
  });

  law('refuses a range that the object does not have', async () => {
    const key = newKey();
    await place.store.put(key, pattern(10));
    for (const range of [
      { first: 0, last: 10 },
      { first: 10, last: 10 },
      { first: 5, last: 4 },
      { first: -1, last: 3 },
      { first: 0, last: 2.5 },
    ]) {
      await expect(place.store.get(key, { range })).rejects.toMatchObject({ code: 'range_not_satisfiable' });
    }
    const empty = newKey();
    await place.store.put(empty, new Uint8Array());
    const none = place.store.get(empty, { range: { first: 0, last: 0 } });
    await expect(none).rejects.toMatchObject({ code: 'range_not_satisfiable' });
  });

  law('knows what is not there', async () => {
    const key = newKey();
    expect(await place.store.head(key)).toBeUndefined();
    await expect(place.store.get(key)).rejects.toMatchObject({ code: 'not_found' });
    await place.store.put(key, pattern(1));
    // Neither what begins like a key nor what goes on from it is an object.
    for (const other of [key.slice(0, -1), `${key}x`, `${key}/x`, key.slice(0, key.lastIndexOf('/'))]) {
      expect(await place.store.head(other)).toBeUndefined();
      await expect(place.store.get(other)).rejects.toMatchObject({ code: 'not_found' });
    }
  });

  law('stops reading when it is told to', async () => {
    const key = newKey();
    await place.store.put(key, pattern(3_000_000));
    const reason = new Error('The caller went away.');
    await expect(place.store.get(key, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);

    const caller = new AbortController();
    const { stream } = await place.store.get(key, { signal: caller.signal });
    const read = async () => {
      for await (const _ of stream) caller.abort(reason);
    };
    await expect(read()).rejects.toBe(reason);
    expect(stream.destroyed).toBe(true);
  });

  law('goes on after many bodies that nobody read to the end', async () => {
    const key = newKey();
    const bytes = pattern(2_000_000);
    await place.store.put(key, bytes);
    for (let round = 0; round < 300; round++) {
      const { stream } = await place.store.get(key);
      if (round % 2) for await (const _ of stream) break;
      stream.destroy();
    }
    expect((await place.read(key)).equals(bytes)).toBe(true);
  });
}
