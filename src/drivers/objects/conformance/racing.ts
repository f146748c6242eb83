import type { Readable } from 'node:stream';
import { expect } from 'vitest';
import { hasCode } from '../../../base/errors.ts';
import type { Law } from '../../laws.ts';
import { inChunks, pattern } from './bodies.ts';
import { newKey, newPrefix, type Place } from './place.ts';

const MIB = 1024 * 1024;

export function racingLaws(law: Law, place: Place): void {
  /** Writes all bodies under one key at once, and makes sure that one of them is there, and the others know it. */
  const race = async (bodies: readonly Buffer[], streamed: (number: number) => boolean) => {
    const key = newKey();
    const settled = await Promise.allSettled(
      bodies.map((bytes, number) => place.store.put(key, streamed(number) ? inChunks(bytes, 30_000) : bytes)),
    );
    const winners = settled.flatMap(({ status }, number) => (status === 'fulfilled' ? [number] : []));
    expect(winners).toHaveLength(1);
    for (const one of settled) if (one.status === 'rejected') expect(hasCode(one.reason, 'conflict')).toBe(true);
    expect((await place.read(key)).equals(bodies[winners[0] as number] as Buffer)).toBe(true);
    expect(await place.uploads(key)).toEqual([]);
    await place.expectNoResidue();
  };

  law('lets one of many who write one key at once win, whole', () =>
    race(
      Array.from({ length: 12 }, (_, number) => pattern(200_000, number)),
      (number) => number % 2 === 0,
    ),
  );

  law('lets one of many who write one key at once win, however long its body', () =>
    race(
      Array.from({ length: 4 }, (_, number) => pattern(11 * MIB, number)),
      () => true,
    ),
  );

  law('lets one of two win of which one came in parts', async () => {
    const key = newKey();
    const multipartId = await place.store.createMultipart(key, 'text/plain');
    const part = pattern(1_000, 1);
    const options = { multipartId, number: 1, size: part.length, expiresAt: new Date(Date.now() + 60_000) };
    await place.send(await place.store.signPart(key, options), part);
    await place.store.put(key, pattern(10));
    const parts = await place.store.listParts(key, multipartId);
    await expect(place.store.completeMultipart(key, multipartId, parts)).rejects.toMatchObject({ code: 'conflict' });
    expect((await place.read(key)).equals(pattern(10))).toBe(true);
  });

  law(
    'serves hundreds who write, read and delete at once',
    async () => {
      const prefix = newPrefix();
      const bodies = Array.from({ length: 300 }, (_, number) => pattern(100 + number * 997, number));
      await Promise.all(
        bodies.map(async (bytes, number) => {
          const key = `${prefix}${number}`;
          const body: Readable | Buffer = number % 3 ? inChunks(bytes, 20_000) : bytes;
          await place.store.put(key, body, number % 2 ? { size: bytes.length } : {});
          expect((await place.read(key)).equals(bytes)).toBe(true);
          if (number % 5 === 0) await place.store.delete([key]);
        }),
      );
      expect(await place.keys(prefix)).toHaveLength(240);
    },
    240_000,
  );
}
