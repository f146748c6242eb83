import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { HoldfastError } from '../../base/errors.ts';
import { formatSize } from '../../base/units.ts';
import type { ObjectStore } from '../../drivers/objects/port.ts';
import { ProcessError } from './sandbox/process-error.ts';

export interface OriginalLimits {
  readonly maxPixels: number;
  /** Bytes. */
  readonly jobMemory: number;
}

/** 16 bits in each of red, green, blue and alpha: what an image takes that is not compressed at all. */
const BYTES_PER_PIXEL = 8;
/** A document is held in memory twice while it is open, beside what it is rendered to. */
const DOCUMENT_PART = 1 / 4;

/** Refuses an original that is larger than anything that could be processed, before a byte of it is fetched. */
export function refuseSize(contentType: string, size: number, { maxPixels, jobMemory }: OriginalLimits): void {
  const limit = contentType.startsWith('image/') ? maxPixels * BYTES_PER_PIXEL : jobMemory * DOCUMENT_PART;
  if (size <= limit) return;
  throw new ProcessError(
    'not_processable',
    `The file is too large to be processed: it has ${formatSize(size)}; at most ${formatSize(limit)} of this type are processed.`,
  );
}

/** Fetches an object into a folder in constant memory. Throws where it is not as large as the row says. */
export async function fetchOriginal(
  objects: ObjectStore,
  { key, size }: { readonly key: string; readonly size: number },
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const path = join(folder, 'original');
  const { stream, length } = await objects.get(key, { signal });
  if (length !== size) {
    stream.destroy();
    throw new HoldfastError('unavailable', `The object has ${length} bytes; its row says ${size}.`);
  }
  await pipeline(stream, createWriteStream(path, { flags: 'wx', mode: 0o600 }), { signal });
  return path;
}
