import { Readable } from 'node:stream';
import { errnoOf, HoldfastError } from '../../base/errors.ts';
import type { ObjectBody } from './port.ts';

/** A body of bytes that are here already. */
export function atHand(bytes: Uint8Array): ObjectBody {
  let stream: Readable | undefined;
  return {
    length: bytes.length,
    bytes,
    get stream() {
      stream ??= new Readable({
        read() {
          if (bytes.length > 0) this.push(bytes);
          this.push(null);
        },
      });
      return stream;
    },
  };
}

/** The error of a body that is put and is not of the size that was declared. */
export const wrongSize = (size: number): HoldfastError =>
  new HoldfastError('size_mismatch', `The body is not of the declared size of ${size} bytes.`);

/** What a body that is put failed with: `incomplete_body` where it was cut off, otherwise its own error as it is. */
export const bodyError = (error: unknown): unknown =>
  ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE'].includes(errnoOf(error) ?? '')
    ? new HoldfastError('incomplete_body', 'The body ended too early.', { cause: error })
    : error;

/** The error of a write to a key that holds an object. */
export const taken = (cause?: unknown): HoldfastError =>
  new HoldfastError('conflict', 'There is an object under this key already.', { cause });
