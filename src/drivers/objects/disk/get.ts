import type { Readable } from 'node:stream';
import { HoldfastError } from '../../../base/errors.ts';
import { atHand } from '../body.ts';
import { checkKey } from '../keys.ts';
import type { ByteRange, ObjectBody } from '../port.ts';
import { readManifest, stretchesOf } from './composite.ts';
import { close, fstat, open, readFully } from './descriptors.ts';
import { type Disk, locate } from './disk.ts';
import { storeErrors } from './errors.ts';
import { pump } from './pump.ts';
import { StretchReader } from './reader.ts';
import type { Stretch } from './stretches.ts';

/** Bytes up to which a body is read at once and its file is not kept open. */
const SHORT = 64 * 1024;

export function get(
  disk: Disk,
  key: string,
  options: { readonly range?: ByteRange; readonly signal?: AbortSignal } = {},
): Promise<ObjectBody> {
  return storeErrors(async () => {
    checkKey(key);
    options.signal?.throwIfAborted();
    const { path } = locate(disk, key);
    let descriptor: number | undefined = await open(path, 'r');
    try {
      const found = await fstat(descriptor);
      const manifest = found.isDirectory() ? await readManifest(path) : undefined;
      const { first, last } = checkRange(options.range, manifest?.size ?? found.size);
      const length = last - first + 1;
      if (manifest) return streamed(stretchesOf(path, manifest, first, length), length, options.signal);
      if (length <= SHORT) {
        const bytes = Buffer.allocUnsafeSlow(length);
        await readFully(descriptor, bytes, first);
        return atHand(bytes);
      }
      const stretch = { path, descriptor, start: first, length };
      descriptor = undefined;
      return streamed([stretch], length, options.signal);
    } finally {
      if (descriptor !== undefined) await close(descriptor);
    }
  });
}

function checkRange(range: ByteRange | undefined, size: number): ByteRange {
  if (!range) return { first: 0, last: size - 1 };
  const { first, last } = range;
  const valid = Number.isSafeInteger(first) && Number.isSafeInteger(last) && first >= 0 && first <= last && last < size;
  if (!valid) throw new HoldfastError('range_not_satisfiable', `The object has ${size} bytes.`);
  return range;
}

function streamed(stretches: readonly Stretch[], length: number, signal: AbortSignal | undefined): ObjectBody {
  let stream: Readable | undefined;
  return {
    length,
    get stream() {
      stream ??= readable(stretches, signal);
      return stream;
    },
    writeTo: (destination) => pump(stretches, destination, signal),
  };
}

function readable(stretches: readonly Stretch[], signal: AbortSignal | undefined): Readable {
  const stream = new StretchReader(stretches);
  if (signal) {
    const abort = () => stream.destroy(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    stream.once('close', () => signal.removeEventListener('abort', abort));
    if (signal.aborted) abort();
  }
  return stream;
}
