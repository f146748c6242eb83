import type { Writable } from 'node:stream';
import { toStoreError } from './errors.ts';
import { type Stretch, Stretches } from './stretches.ts';

/** Bytes read at once. With half of it a download is a tenth slower; each that is under way holds twice as much. */
const CHUNK = 512 * 1024;

/** Pairs of buffers kept for the next who pumps. New memory costs the system as much as copying into it. */
const MAX_IDLE = 16;

type Pair = readonly [Buffer, Buffer];
const idle: Pair[] = [];

/**
 * `ObjectBody.writeTo`: reads into one buffer while the other is sent, and then the other way round. A stream would
 * need new memory for each chunk, because it never hears that the chunk is done with.
 */
export async function pump(list: readonly Stretch[], destination: Writable, signal?: AbortSignal): Promise<void> {
  const stretches = new Stretches(list);
  const pair: Pair = idle.pop() ?? [Buffer.allocUnsafeSlow(CHUNK), Buffer.allocUnsafeSlow(CHUNK)];
  const gone = Promise.withResolvers<never>();
  gone.promise.catch(() => undefined);
  const onClose = () => gone.reject(new Error('The destination was closed before all was written.'));
  const onAbort = () => gone.reject(signal?.reason);
  destination.once('close', onClose);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    if (destination.destroyed) onClose();
    if (signal?.aborted) onAbort();
    await pumpThrough(stretches, pair, destination, gone.promise);
    // Only now nobody reads them any more.
    if (idle.length < MAX_IDLE) idle.push(pair);
  } finally {
    destination.removeListener('close', onClose);
    signal?.removeEventListener('abort', onAbort);
    await stretches.close();
  }
}

async function pumpThrough(
  stretches: Stretches,
  pair: Pair,
  destination: Writable,
  gone: Promise<never>,
): Promise<void> {
  const written: [Promise<void>, Promise<void>] = [Promise.resolve(), Promise.resolve()];
  for (let turn: 0 | 1 = 0; ; turn = turn === 0 ? 1 : 0) {
    await Promise.race([gone, written[turn]]);
    const chunk = await readInto(stretches, pair[turn]);
    if (chunk === undefined) break;
    written[turn] = write(destination, chunk);
    // Awaited in the round after the next, which may never come.
    written[turn].catch(() => undefined);
  }
  await Promise.race([gone, Promise.all(written)]);
}

async function readInto(stretches: Stretches, buffer: Buffer): Promise<Buffer | undefined> {
  try {
    const left = await stretches.left();
    if (left === 0) return undefined;
    const chunk = left < buffer.length ? buffer.subarray(0, left) : buffer;
    await stretches.fill(chunk);
    return chunk;
  } catch (error) {
    throw toStoreError(error);
  }
}

const write = (destination: Writable, chunk: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    destination.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
