import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import type { Bytes } from './bytes.ts';
import { streamed } from './streamed.ts';

const listed = (chunks: string[]): Bytes => ({
  next: async () => {
    const chunk = chunks.shift();
    return chunk === undefined ? undefined : Buffer.from(chunk);
  },
});

describe('bytes as a stream', () => {
  test('come in their order, after the first', async () => {
    const text = await streamed(
      listed(['b', 'c']),
      async (stream) => (await buffer(stream)).toString(),
      Buffer.from('a'),
    );
    expect(text).toBe('abc');
  });

  test('that break off destroy the stream with the reason', async () => {
    const reason = new Error('cut');
    const source: Bytes = { next: () => Promise.reject(reason) };
    await expect(streamed(source, buffer)).rejects.toBe(reason);
  });

  test('are let go only when nothing is being read any more, so that another can read on', async () => {
    let give: (chunk: Buffer) => void = () => {};
    const source: Bytes = {
      next: () =>
        new Promise((resolve) => {
          give = resolve;
        }),
    };
    const full = new Error('full');
    let over = false;
    const using = streamed(source, async (stream) => {
      stream.read();
      throw full;
    }).finally(() => {
      over = true;
    });
    using.catch(() => {});
    await new Promise(setImmediate);
    expect(over).toBe(false);
    give(Buffer.from('late'));
    await expect(using).rejects.toBe(full);
  });
});
