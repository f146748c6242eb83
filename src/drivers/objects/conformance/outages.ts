import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { hasCode } from '../../../base/errors.ts';
import type { Law } from '../../laws.ts';
import { inChunks, pattern } from './bodies.ts';
import { type FragilePlace, newKey, newPrefix, type Place } from './place.ts';

const MIB = 1024 * 1024;
/** Milliseconds for a law that waits for what is gone to come back. */
const LONG = 120_000;

export function outageLaws(law: Law, place: Place, fragile: () => FragilePlace): void {
  law('reads on where its connections are reset', async () => {
    const key = newKey();
    const bytes = pattern(12 * MIB);
    await place.store.put(key, bytes);
    const { stream } = await place.store.get(key, { range: { first: 1_000, last: bytes.length - 1 } });
    const chunks: Buffer[] = [];
    let resetAt = MIB;
    let read = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      read += chunk.length;
      if (read < resetAt) continue;
      resetAt += 4 * MIB;
      fragile().line.reset();
    }
    expect(resetAt).toBeGreaterThan(8 * MIB);
    expect(Buffer.concat(chunks).equals(bytes.subarray(1_000))).toBe(true);
  });

  law('writes on where its connections are reset', async () => {
    const bytes = pattern(24 * MIB);
    const resetting = async function* () {
      for (let first = 0; first < bytes.length; first += MIB) {
        if (first === 8 * MIB || first === 16 * MIB) fragile().line.reset();
        yield bytes.subarray(first, first + MIB);
      }
    };
    const key = newKey();
    await place.store.put(key, Readable.from(resetting(), { objectMode: false }), { size: bytes.length });
    expect((await place.read(key)).equals(bytes)).toBe(true);
  });

  law(
    'says that the store is away while it is, and goes on when it is back',
    async () => {
      const [key, other] = [newKey(), newKey()];
      await place.store.put(key, pattern(1_000));
      await fragile().line.drop();
      const body = inChunks(pattern(20_000));
      const expiresAt = new Date(Date.now() + 60_000);
      const calls = [
        place.store.put(other, body),
        place.store.put(newKey(), pattern(5)),
        place.store.get(key),
        place.store.head(key),
        place.store.move(key, other),
        place.store.delete([key, other]),
        place.store.list('', { limit: 1 }),
        place.store.createMultipart(other, 'text/plain'),
        place.store.listMultipart(expiresAt),
        place.store.installation(),
        place.store.probe(AbortSignal.timeout(20_000)),
      ];
      for (const outcome of await Promise.allSettled(calls)) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
      }
      expect(body.destroyed).toBe(true);
      // Signing asks nobody.
      await place.store.signGet(key, { contentType: 'text/plain', contentDisposition: 'inline', expiresAt });
      await fragile().line.pass();
      expect((await place.read(key)).equals(pattern(1_000))).toBe(true);
      await place.store.put(other, pattern(10));
      await place.store.probe(AbortSignal.timeout(20_000));
    },
    LONG,
  );

  law(
    'lets go of a store that does not answer when it is told to',
    async () => {
      const key = newKey();
      const bytes = pattern(3 * MIB);
      await place.store.put(key, bytes);
      const { stream } = await place.store.get(key);
      fragile().line.freeze();
      const reason = new Error('The caller went away.');
      const caller = new AbortController();
      const { signal } = caller;
      const calls = [
        place.store.get(key, { signal }),
        place.store.put(newKey(), pattern(10), { signal }),
        place.store.put(newKey(), inChunks(bytes), { signal }),
        place.store.put(newKey(), inChunks(pattern(12 * MIB), 500_000), { signal }),
        place.store.probe(signal),
      ];
      const settled = Promise.allSettled(calls);
      await wait(500);
      caller.abort(reason);
      for (const outcome of await settled) expect(outcome).toMatchObject({ status: 'rejected', reason });
      stream.destroy();
      await fragile().line.pass();
      expect((await place.read(key)).equals(bytes)).toBe(true);
    },
    LONG,
  );

  law(
    'works with a store that is slow',
    async () => {
      fragile().line.delay(150);
      const key = newKey();
      const bytes = pattern(200_000);
      await place.store.put(key, inChunks(bytes, 50_000));
      expect((await place.read(key)).equals(bytes)).toBe(true);
      await place.store.move(key, `${key}-2`);
      expect(await place.store.head(key)).toBeUndefined();
      expect(await place.keys(key)).toEqual([`${key}-2`]);
    },
    LONG,
  );

  law(
    'has all that it answered for, and goes on, after the server was restarted',
    async () => {
      const prefix = newPrefix();
      const answered = new Map<string, Buffer>();
      const failures: unknown[] = [];
      let stopped = false;
      const lane = async (lane: number) => {
        for (let number = 0; !stopped; number++) {
          const key = `${prefix}${lane}-${number}`;
          const bytes = pattern(lane === 0 ? 7 * MIB : 10_000, number);
          try {
            await place.store.put(key, number % 2 ? bytes : inChunks(bytes, 200_000), { size: bytes.length });
            answered.set(key, bytes);
          } catch (error) {
            failures.push(error);
            await wait(100);
          }
        }
      };
      const lanes = [0, 1, 2, 3].map(lane);
      for (let round = 0; round < 2; round++) {
        const before = answered.size;
        while (answered.size < before + 20) await wait(20);
        await fragile().restart();
      }
      const back = answered.size;
      while (answered.size < back + 20) await wait(20);
      stopped = true;
      await Promise.all(lanes);
      expect(failures.filter((error) => !hasCode(error, 'unavailable'))).toEqual([]);
      const keys = await place.keys(prefix);
      expect([...answered.keys()].filter((key) => !keys.includes(key))).toEqual([]);
      for (const [key, bytes] of answered) expect((await place.read(key)).equals(bytes)).toBe(true);
      // What could not be cleared up while the server was away is found as what it is, and can be.
      for (const { key, multipartId } of await place.store.listMultipart(new Date(Date.now() + 60_000))) {
        await place.store.abortMultipart(key, multipartId);
      }
      expect(await place.uploads(prefix)).toEqual([]);
    },
    LONG,
  );
}
