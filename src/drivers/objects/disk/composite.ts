import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../../../base/errors.ts';
import type { Stretch } from './stretches.ts';

/**
 * An object that came in parts stands on the disk as a folder: its parts as they came, and a manifest that names them
 * in order. Putting the parts together thus costs a link for each, whatever its size, and none is ever written twice.
 */
export const MANIFEST = 'manifest.json';

export interface Manifest {
  /** The multipart upload whose object it is. */
  readonly multipartId: string;
  /** Bytes of the whole. */
  readonly size: number;
  readonly parts: readonly { readonly name: string; readonly size: number }[];
}

export async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')) as Manifest;
}

/** Whether the object that stands there, if any, is that of a multipart upload. */
export async function isMadeOf(path: string, multipartId: string): Promise<boolean> {
  try {
    return (await readManifest(path)).multipartId === multipartId;
  } catch (error) {
    // ENOTDIR: an object that came whole.
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}

/** The stretches of the parts' files that hold `length` bytes from `first`. */
export function stretchesOf(folder: string, manifest: Manifest, first: number, length: number): Stretch[] {
  const stretches: Stretch[] = [];
  let partStart = 0;
  for (const part of manifest.parts) {
    const start = Math.max(first - partStart, 0);
    const end = Math.min(first + length - partStart, part.size);
    if (start < end) stretches.push({ path: join(folder, part.name), start, length: end - start });
    partStart += part.size;
  }
  return stretches;
}
