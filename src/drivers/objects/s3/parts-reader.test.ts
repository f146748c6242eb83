import { Readable } from 'node:stream';
import { array, assert, asyncProperty, boolean, integer, nat } from 'fast-check';
import { expect, test } from 'vitest';
import { pattern } from '../conformance/bodies.ts';
import { PartsReader } from './parts-reader.ts';

const bodyOf = (bytes: Buffer, sizes: readonly number[]) => {
  function* chunks() {
    for (let at = 0, turn = 0; at < bytes.length; turn++) {
      const size = sizes[turn % sizes.length] as number;
      yield bytes.subarray(at, at + size);
      at += size;
    }
  }
  return Readable.from(chunks(), { objectMode: false });
};

test('cuts a body into pieces, whatever its chunks are, and knows which is the last', async () => {
  const lengths = array(integer({ min: 1, max: 150_000 }), { minLength: 1, maxLength: 5 });
  const sizes = array(integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 5 });
  await assert(
    asyncProperty(
      nat(500_000),
      sizes,
      lengths,
      boolean(),
      boolean(),
      async (total, chunks, wanted, declared, reuse) => {
        const bytes = pattern(total);
        const reader = new PartsReader(bodyOf(bytes, chunks), declared ? total : undefined);
        const pieces: Buffer[] = [];
        do {
          expect(reader.ended).toBe(false);
          const length = wanted[pieces.length % wanted.length] as number;
          const piece = await reader.next(length);
          expect(piece.length === length || reader.ended).toBe(true);
          expect(piece.length).toBeLessThanOrEqual(length);
          pieces.push(Buffer.from(piece));
          if (reuse) reader.reuse(piece);
        } while (!reader.ended);
        expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
        expect(reader.size).toBe(total);
        // No piece but the only one is empty.
        expect(pieces.every(({ length }) => length > 0 || pieces.length === 1)).toBe(true);
      },
    ),
    {
      numRuns: 60,
      examples: [
        [200_000, [100_000], [100_000], true, true],
        [0, [1], [1], true, false],
      ],
    },
  );
});

test('uses the buffer again that it is given back', async () => {
  const reader = new PartsReader(bodyOf(pattern(300_000), [7_000]), undefined);
  const one = await reader.next(100_000);
  reader.reuse(one);
  expect((await reader.next(100_000)).buffer).toBe(one.buffer);
});

test('refuses a body of another size as soon as that shows', async () => {
  let sent = 0;
  const endless = new Readable({
    read() {
      sent += 1_000;
      this.push(pattern(1_000));
    },
  });
  await expect(new PartsReader(endless, 10_500).next(1_000_000)).rejects.toMatchObject({ code: 'size_mismatch' });
  expect(sent).toBeLessThan(200_000);
  const short = new PartsReader(bodyOf(pattern(9), [5]), 10);
  await expect(short.next(1_000_000)).rejects.toMatchObject({ code: 'size_mismatch' });
});

test('tells a body that is cut off from one that fails by itself', async () => {
  const failing = (error?: Error) =>
    new Readable({
      read() {
        this.destroy(error);
      },
    });
  await expect(new PartsReader(failing(), undefined).next(10)).rejects.toMatchObject({ code: 'incomplete_body' });
  const own = new Error('Its own.');
  await expect(new PartsReader(failing(own), undefined).next(10)).rejects.toBe(own);
});
