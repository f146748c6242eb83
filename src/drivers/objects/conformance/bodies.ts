import { Readable } from 'node:stream';
import { pino } from 'pino';
import type { ObjectStoreOptions } from '../options.ts';

export const optionsIn = (dataDir: string): ObjectStoreOptions => ({
  dataDir,
  signingKey: Buffer.alloc(32, 'conformance'),
  publicUrl: () => 'http://127.0.0.1',
  log: pino({ level: 'silent' }),
});

/** The bytes in chunks, as they come from a network. */
export function inChunks(bytes: Uint8Array, size = 1_000): Readable {
  return Readable.from(chunksOf(bytes, size), { objectMode: false });
}

function* chunksOf(bytes: Uint8Array, size: number) {
  for (let first = 0; first < bytes.length; first += size) yield Buffer.from(bytes.subarray(first, first + size));
}

/** Bytes that differ from place to place, so that none is taken for another. */
export function pattern(length: number, seed = 0): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >> 8) * 17 + seed * 101) & 0xff;
  return bytes;
}

/** The body that the writer of a durability test puts under a key: long or short, by the number at its end. */
export function bodyOf(key: string): Buffer {
  const number = Number(key.slice(key.lastIndexOf('-') + 1));
  return pattern(number % 3 === 0 ? 3_000_000 + number : 10_000 + number, number);
}
