import { once } from 'node:events';
import { Readable } from 'node:stream';
import { array, assert, asyncProperty, integer, nat } from 'fast-check';
import { expect, test } from 'vitest';
import { pattern } from '../conformance/bodies.ts';
import { ResumingBody } from './resuming-body.ts';

/** Gives the bytes from an offset on, and breaks off after so many. */
function source(bytes: Buffer, offset: number, breaksAfter = Number.POSITIVE_INFINITY): Readable {
  const end = Math.min(bytes.length, offset + breaksAfter);
  let at = offset;
  return new Readable({
    read() {
      if (at < end) {
        const next = Math.min(at + 1_000, end);
        this.push(bytes.subarray(at, next));
        at = next;
      } else if (end < bytes.length) this.destroy(new Error('ECONNRESET'));
      else this.push(null);
    },
  });
}

test('gives all bytes once and in order, wherever its sources break off', async () => {
  await assert(
    asyncProperty(nat(60_000), array(integer({ min: 1, max: 20_000 }), { maxLength: 5 }), async (length, breaks) => {
      const bytes = pattern(length);
      const open = (offset: number) => source(bytes, offset, breaks.shift());
      const body = new ResumingBody({
        length,
        source: open(0),
        reopen: async (offset) => open(offset),
        signal: undefined,
      });
      expect(Buffer.concat(await body.toArray()).equals(bytes)).toBe(true);
    }),
    { numRuns: 20 },
  );
});

test('gives up on a store that breaks off again and again without a byte', async () => {
  let opened = 0;
  const broken = () => {
    opened++;
    return source(pattern(10), 0, 0);
  };
  const body = new ResumingBody({ length: 10, source: broken(), reopen: async () => broken(), signal: undefined });
  await expect(body.toArray()).rejects.toMatchObject({ code: 'unavailable' });
  expect(opened).toBe(4);
});

test('asks for the rest only when it is wanted', async () => {
  const bytes = pattern(500_000);
  const first = source(bytes, 0, 200_000);
  const offsets: number[] = [];
  const body = new ResumingBody({
    length: bytes.length,
    source: first,
    reopen: async (offset) => {
      offsets.push(offset);
      return source(bytes, offset);
    },
    signal: undefined,
  });
  const chunks = body[Symbol.asyncIterator]();
  await chunks.next();
  if (!first.isPaused()) await once(first, 'pause');
  // As a store does to a reader that lets nothing pass.
  const closed = new Promise((resolve) => first.once('close', resolve));
  first.destroy(new Error('ECONNRESET'));
  await closed;
  expect(offsets).toEqual([]);
  let size = 0;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) size += next.value.length;
  expect(offsets).toHaveLength(1);
  expect(size).toBeLessThan(bytes.length);
});

test('ends its source with itself, and with the signal', async () => {
  for (const reason of [undefined, new Error('The caller went away.')]) {
    const caller = new AbortController();
    const first = source(pattern(500_000), 0);
    const body = new ResumingBody({
      length: 500_000,
      source: first,
      reopen: () => Promise.reject(new Error('Nobody asked for more.')),
      signal: caller.signal,
    });
    const ended = once(body, reason ? 'error' : 'close');
    if (reason) caller.abort(reason);
    else body.destroy();
    const [error] = await ended;
    expect(error).toBe(reason);
    expect(first.destroyed).toBe(true);
  }
});
