import { Readable } from 'node:stream';
import type { Bytes } from './bytes.ts';

/** Bytes that lie in memory between the request and the object store. */
const READ_AHEAD = 1024 * 1024;

/**
 * Hands the bytes to `use` as a stream, after `first`. When it comes back the stream is gone and nothing is being
 * read any more, whether all was read or not: whoever wants the rest may read on.
 */
export async function streamed<T>(
  source: Bytes,
  use: (stream: Readable) => Promise<T>,
  first: Uint8Array | undefined = undefined,
): Promise<T> {
  let pulling: Promise<unknown> = Promise.resolve();
  const stream = new Readable({
    highWaterMark: READ_AHEAD,
    read() {
      pulling = source.next().then(
        (chunk) => this.push(chunk ?? null),
        (error) => this.destroy(error),
      );
    },
  });
  // Whoever uses the stream hears of its error; after that nobody listens any more.
  stream.on('error', () => {});
  if (first) stream.push(first);
  try {
    return await use(stream);
  } finally {
    stream.destroy();
    await pulling;
  }
}
