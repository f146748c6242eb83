import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { assert, asyncProperty, boolean, integer, record } from 'fast-check';
import { expect } from 'vitest';
import { HoldfastError } from '../../../base/errors.ts';
import type { Law } from '../../laws.ts';
import { inChunks, pattern } from './bodies.ts';
import { newKey, newPrefix, type Place } from './place.ts';

const MIB = 1024 * 1024;

export function writingLaws(law: Law, place: Place): void {
  law('gives back what it was given, from bytes or a stream, of declared size or not', async () => {
    const given = record({
      length: integer({ min: 0, max: 3 * MIB }),
      chunk: integer({ min: 500, max: MIB }),
      streamed: boolean(),
      declared: boolean(),
    });
    await assert(
      asyncProperty(given, async ({ length, chunk, streamed, declared }) => {
        const key = newKey();
        const bytes = pattern(length, chunk);
        const body = streamed ? inChunks(bytes, chunk) : bytes;
        const info = await place.store.put(key, body, declared ? { size: length } : {});
        expect(info).toMatchObject({ key, size: length });
        expect((await place.read(key)).equals(bytes)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  law('keeps an empty object', async () => {
    for (const body of [new Uint8Array(), Readable.from([])]) {
      const key = newKey();
      await place.store.put(key, body, { size: 0 });
      expect(await place.store.head(key)).toMatchObject({ key, size: 0 });
      expect(await place.read(key)).toHaveLength(0);
    }
  });

  law('says when it was written', async () => {
    const key = newKey();
    const before = Date.now();
    const put = await place.store.put(key, pattern(10));
    const found = await place.store.head(key);
    // Stores keep whole seconds, by clocks of their own.
    for (const time of [put.modifiedAt, found?.modifiedAt]) {
      expect(Math.abs((time?.getTime() ?? 0) - before)).toBeLessThan(60_000);
    }
  });

  law(
    'takes and gives a long object in constant memory',
    async () => {
      const key = newKey();
      const length = 96 * MIB;
      const block = pattern(MIB);
      const memory = new HighWater(8 * MIB);
      let left = length;
      const body = new Readable({
        read() {
          memory.pass(block.length);
          this.push(left > 0 ? Buffer.from(block) : null);
          left -= block.length;
        },
      });
      await place.store.put(key, body, { size: length });
      const { stream } = await place.store.get(key);
      let read = 0;
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        const offset = read % MIB;
        const wanted = block.subarray(offset, Math.min(offset + chunk.length, MIB));
        if (!chunk.subarray(0, wanted.length).equals(wanted)) throw new Error(`Other bytes at ${read}.`);
        read += chunk.length;
        memory.pass(chunk.length);
      }
      expect(read).toBe(length);
      expect(memory.grown).toBeLessThan(24 * MIB);
      await place.store.delete([key]);
    },
    240_000,
  );

  law('refuses a body of another size than the declared one, and keeps nothing of it', async () => {
    const prefix = newPrefix();
    const declared = 50_000;
    for (const length of [0, 1, declared - 1, declared + 1, 3 * MIB, 12 * MIB]) {
      for (const streamed of [true, false]) {
        const bytes = pattern(length);
        const body = streamed ? inChunks(bytes, 7_000) : bytes;
        const written = place.store.put(`${prefix}${length}-${streamed}`, body, { size: declared });
        await expect(written).rejects.toMatchObject({ code: 'size_mismatch' });
        if (body instanceof Readable) expect(body.destroyed).toBe(true);
      }
    }
    expect(await place.keys(prefix)).toEqual([]);
    await place.expectNoResidue();
  });

  law('keeps nothing of a body that breaks off', async () => {
    const prefix = newPrefix();
    for (const length of [10, 5 * MIB, 12 * MIB]) {
      const cut = place.store.put(`${prefix}cut-${length}`, broken(length), { size: 20 * MIB });
      await expect(cut).rejects.toMatchObject({ code: 'incomplete_body' });
      const refusal = new HoldfastError('too_large', 'Too large.');
      await expect(place.store.put(`${prefix}refused-${length}`, broken(length, refusal))).rejects.toBe(refusal);
    }
    expect(await place.keys(prefix)).toEqual([]);
    expect(await place.uploads(prefix)).toEqual([]);
    await place.expectNoResidue();
  });

  law('keeps nothing of a write that is aborted, before or within', async () => {
    const prefix = newPrefix();
    const reason = new Error('The caller went away.');
    const early = inChunks(pattern(100));
    const aborted = place.store.put(`${prefix}early`, early, { signal: AbortSignal.abort(reason) });
    await expect(aborted).rejects.toBe(reason);
    expect(early.destroyed).toBe(true);

    const caller = new AbortController();
    let sent = 0;
    const endless = new Readable({
      read() {
        this.push(pattern(MIB));
        if (++sent === 13) caller.abort(reason);
      },
    });
    await expect(place.store.put(`${prefix}late`, endless, { signal: caller.signal })).rejects.toBe(reason);
    expect(endless.destroyed).toBe(true);
    expect(await place.keys(prefix)).toEqual([]);
    expect(await place.uploads(prefix)).toEqual([]);
    await place.expectNoResidue();
  });

  law('never overwrites, and destroys the body that it does not read', async () => {
    const key = newKey();
    await place.store.put(key, Buffer.from('first'));
    const second = inChunks(pattern(20_000));
    await expect(place.store.put(key, second)).rejects.toMatchObject({ code: 'conflict' });
    expect(second.destroyed).toBe(true);
    await expect(place.store.put(key, Buffer.from('third'))).rejects.toMatchObject({ code: 'conflict' });
    expect((await place.read(key)).toString()).toBe('first');
    await place.expectNoResidue();
  });
}

/** A body that gives some bytes and then fails, or is cut off without a word. */
function broken(length: number, error?: Error): Readable {
  let sent = false;
  return new Readable({
    read() {
      if (!sent) this.push(pattern(length));
      else setImmediate(() => this.destroy(error));
      sent = true;
    },
  });
}

/** Looks now and then at how many bytes are held outside of the heap. */
class HighWater {
  readonly #every: number;
  readonly #first: number;
  #most = 0;
  #passed = 0;

  constructor(every: number) {
    this.#every = every;
    this.#first = bytesHeld();
  }

  pass(bytes: number): void {
    this.#passed += bytes;
    if (this.#passed < this.#every) return;
    this.#passed = 0;
    this.#most = Math.max(this.#most, bytesHeld());
  }

  /** Over what there was at first. */
  get grown(): number {
    return this.#most - this.#first;
  }
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function bytesHeld(): number {
  // Buffers are given back beside the program: the second time waits for what the first has found.
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}
