import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { noise } from './fixtures/random.ts';

const BLOCK = 1 << 20;

/** Bytes that are made while they are read: each megabyte is another, so that one out of its place is seen. */
export function generated(size: number, seed: number): Readable {
  const pattern = noise(BLOCK, seed);
  return Readable.from(
    (function* () {
      for (let at = 0; at < size; at += BLOCK) {
        const block = Buffer.from(pattern);
        block.writeDoubleBE(at, 0);
        yield block.subarray(0, Math.min(BLOCK, size - at));
      }
    })(),
    { objectMode: false, highWaterMark: BLOCK },
  );
}

/** The same, with the hash of what was read of it. */
export function generatedWithHash(size: number, seed: number): { stream: Readable; sha256(): string } {
  const hash = createHash('sha256');
  const stream = Readable.from(
    (async function* () {
      for await (const block of generated(size, seed)) {
        hash.update(block);
        yield block;
      }
    })(),
    { objectMode: false, highWaterMark: BLOCK },
  );
  return { stream, sha256: () => hash.digest('hex') };
}

export async function hashOf(stream: Readable): Promise<{ readonly size: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, sha256: hash.digest('hex') };
}
