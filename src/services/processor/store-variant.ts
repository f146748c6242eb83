import { createHash } from 'node:crypto';
import { hasCode } from '../../base/errors.ts';
import type { ObjectStore } from '../../drivers/objects/port.ts';
import type { MadeOutput } from './sandbox/run-order.ts';
import { openOutput } from './sandbox/scratch.ts';
import { EXTENSIONS } from './sandbox/source.ts';

/** What fits in here is written in one piece. */
const SMALL = 1024 * 1024;

/** Stores a variant under a key that nobody has written under, and answers the key. */
export async function storeVariant(
  objects: ObjectStore,
  keyStem: string,
  { path, size, contentType, sha256 }: MadeOutput,
  signal: AbortSignal,
): Promise<string> {
  const key = `${keyStem}.${EXTENSIONS[contentType]}`;
  const file = await openOutput(path, size);
  try {
    const body = size <= SMALL ? await file.readFile() : file.createReadStream();
    await objects.put(key, body, { size, contentType, signal });
  } catch (error) {
    // A put that failed may have been done all the same, and been tried again: then these bytes are there.
    if (!hasCode(error, 'conflict') || (await hashOf(objects, key, signal)) !== sha256) throw error;
  } finally {
    await file.close();
  }
  return key;
}

async function hashOf(objects: ObjectStore, key: string, signal: AbortSignal): Promise<string> {
  const { stream } = await objects.get(key, { signal });
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

/** Deletes objects that no row refers to; what cannot be deleted now is found by the janitor. */
export async function deleteQuietly(
  objects: ObjectStore,
  keys: readonly string[],
  onError: (error: unknown) => void,
): Promise<void> {
  if (keys.length > 0) await objects.delete(keys).catch(onError);
}
