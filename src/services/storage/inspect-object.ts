import { createHash } from 'node:crypto';
import { HoldfastError } from '../../base/errors.ts';
import { SNIFF_BYTES, sniff } from '../../base/sniff.ts';
import type { ObjectStore } from '../../drivers/objects/port.ts';
import type { StorageVerb } from './deps.ts';

export const inspectObject: StorageVerb<'inspectObject'> =
  ({ objects }) =>
  async ({ key, contentType, hash }, { signal }) => {
    const found = hash ? await hashAll(objects, key, signal) : await readBeginning(objects, key, signal);
    const { size, beginning, sha256 } = found;
    return { size, contentType: await sniff(beginning, contentType), sha256 };
  };

interface Inspected {
  readonly size: number;
  readonly beginning: Uint8Array;
  readonly sha256: string | undefined;
}

async function readBeginning(objects: ObjectStore, key: string, signal: AbortSignal): Promise<Inspected> {
  const info = await objects.head(key);
  if (!info) throw new HoldfastError('not_found', 'There is no such object.');
  const length = Math.min(info.size, SNIFF_BYTES);
  if (length === 0) return { size: info.size, beginning: new Uint8Array(), sha256: undefined };
  const { bytes, stream } = await objects.get(key, { range: { first: 0, last: length - 1 }, signal });
  const beginning = bytes ?? Buffer.concat(await stream.toArray());
  return { size: info.size, beginning, sha256: undefined };
}

async function hashAll(objects: ObjectStore, key: string, signal: AbortSignal): Promise<Inspected> {
  const hash = createHash('sha256');
  const beginning = new Beginning();
  let size = 0;
  const body = await objects.get(key, { signal });
  for await (const chunk of body.bytes ? [body.bytes] : (body.stream as AsyncIterable<Uint8Array>)) {
    hash.update(chunk);
    beginning.add(chunk);
    size += chunk.length;
  }
  return { size, beginning: beginning.bytes(), sha256: hash.digest('hex') };
}

/** Keeps as many of the first bytes as tell the type. */
class Beginning {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  add(chunk: Uint8Array): void {
    if (this.#length >= SNIFF_BYTES) return;
    const kept = chunk.subarray(0, SNIFF_BYTES - this.#length);
    this.#chunks.push(kept);
    this.#length += kept.length;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }
}
