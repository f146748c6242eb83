import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Api } from '../harness/client.ts';
import { noise } from '../harness/fixtures/random.ts';
import { expectProblem } from '../harness/problems.ts';
import { useSharedStack } from '../harness/stack.ts';

const stack = useSharedStack();
const SIZE = 200_003;
const bytes = noise(SIZE, 9);
let user: Api;
let id: string;
let etag: string;
beforeAll(async () => {
  user = await stack.api.signUp();
  id = (await user.upload(bytes, { name: 'noise.bin', query: { visibility: 'public' } })).id;
  etag = (await get({})).headers.etag as string;
});

const get = (headers: Record<string, string>, method = 'GET') =>
  user.call(method, `/api/files/${id}/content`, { headers });

/** What RFC 9110, 14.1.2 says of one range: first and last byte, undefined where none can be given. */
function meant(first: number | undefined, last: number | undefined): [number, number] | undefined {
  if (first === undefined) return last === 0 ? undefined : [Math.max(0, SIZE - (last as number)), SIZE - 1];
  return first < SIZE ? [first, Math.min(last ?? SIZE - 1, SIZE - 1)] : undefined;
}

const position = fc.oneof(
  fc.integer({ min: 0, max: SIZE + 10 }),
  fc.constantFrom(0, 1, SIZE - 1, SIZE, SIZE + 1, 65_535, 65_536, Number.MAX_SAFE_INTEGER),
);
const range = fc.oneof(
  fc.tuple(position, position).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
  position.map((first) => [first, undefined] as const),
  position.map((last) => [undefined, last] as const),
);

describe('a range of the content', () => {
  test('is those bytes and no other', async () => {
    await fc.assert(
      fc.asyncProperty(range, fc.constantFrom('GET', 'HEAD'), async ([first, last], method) => {
        const { status, headers, bytes: received } = await get({ range: `bytes=${first ?? ''}-${last ?? ''}` }, method);
        const expected = meant(first, last);
        if (method === 'HEAD') {
          // A range is for GET alone (RFC 9110, 14.2).
          expect({ status, length: headers['content-length'] }).toEqual({ status: 200, length: String(SIZE) });
          return;
        }
        if (!expected) {
          expect({ status, range: headers['content-range'] }).toEqual({ status: 416, range: `bytes */${SIZE}` });
          return;
        }
        const [from, to] = expected;
        expect({ status, range: headers['content-range'] }).toEqual({
          status: 206,
          range: `bytes ${from}-${to}/${SIZE}`,
        });
        expect(headers['content-length']).toBe(String(to - from + 1));
        expect(received.equals(bytes.subarray(from, to + 1))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test.each([
    'bytes',
    'bytes=',
    'bytes=a-b',
    'bytes=5-2',
    'bytes=--1',
    'bytes=-',
    'lines=1-2',
    'bytes=1-2-3',
    'bytes=0x1-2',
  ])('that is none (%s) is ignored', async (value) => {
    const { status, bytes: received } = await get({ range: value });
    // A server may also refuse it (RFC 9110, 14.2); it may not answer other bytes.
    expect([200, 416]).toContain(status);
    if (status === 200) expect(received.equals(bytes)).toBe(true);
  });

  test('with several is the whole, or those parts', async () => {
    const { status, bytes: received } = await get({ range: 'bytes=0-1,5-6' });
    expect([200, 206]).toContain(status);
    if (status === 200) expect(received.equals(bytes)).toBe(true);
  });

  test('with If-Range is the whole unless it is the same content', async () => {
    const ask = (ifRange: string) => get({ range: 'bytes=0-9', 'if-range': ifRange });
    expect((await ask(etag)).status).toBe(206);
    for (const other of ['"other"', `W/${etag}`, 'nonsense']) expect((await ask(other)).status, other).toBe(200);
  });

  test('of a public file is the same', async () => {
    const { status, bytes: received } = await stack.api.call('GET', `/public/${id}`, {
      headers: { range: 'bytes=10-19' },
    });
    expect(status).toBe(206);
    expect(received.equals(bytes.subarray(10, 20))).toBe(true);
  });

  test('beyond the end is refused with the size', async () => {
    expectProblem(await get({ range: `bytes=${SIZE}-` }), 416, 'range_not_satisfiable');
  });
});
