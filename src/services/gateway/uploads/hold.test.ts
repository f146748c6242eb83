import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HoldfastError } from '../../../base/errors.ts';
import { Hold } from './hold.ts';

/** Files, as far as a hold sees it: `free` bytes of quota, handed out in whole steps. */
function quotaOf(free: number, step = 1) {
  const asked: number[] = [];
  const extend = async (size: number) => {
    asked.push(size);
    const held = Math.ceil(size / step) * step;
    if (held > free) throw new HoldfastError('quota_exceeded', 'No room.');
    return held;
  };
  return { asked, extend };
}

describe('what an upload of unknown length holds', () => {
  test('is never less than its bytes, lets in whatever fits, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 0, max: 100_000 }),
        fc.array(fc.integer({ min: 1, max: 5_000 }), { maxLength: 60 }),
        async (first, more, chunks) => {
          const free = first + more;
          const { extend } = quotaOf(free);
          const hold = new Hold({ held: first, bound: 1_000_000, extend });
          let size = 0;
          for (const chunk of chunks) {
            size += chunk;
            const outcome = await hold.cover(size).then(
              () => 'held',
              (error: HoldfastError) => error.code,
            );
            expect(outcome).toBe(size <= free ? 'held' : 'quota_exceeded');
            if (outcome !== 'held') break;
          }
        },
      ),
    );
  });

  test('doubles, so that a long upload asks seldom', async () => {
    const { asked, extend } = quotaOf(Number.POSITIVE_INFINITY);
    const hold = new Hold({ held: 1, bound: 1_000_000, extend });
    for (let size = 1; size <= 1_000_000; size += 100) await hold.cover(size);
    expect(asked.length).toBeLessThan(25);
    expect(Math.max(...asked)).toBe(1_000_000);
  });

  test('is not asked for where there is enough', async () => {
    const { asked, extend } = quotaOf(10);
    await new Hold({ held: 10, bound: 10, extend }).cover(10);
    expect(asked).toEqual([]);
  });

  test('passes other failures on', async () => {
    const closed = new HoldfastError('upload_closed', 'It has expired.');
    const hold = new Hold({ held: 1, bound: 10, extend: () => Promise.reject(closed) });
    await expect(hold.cover(5)).rejects.toBe(closed);
  });
});
