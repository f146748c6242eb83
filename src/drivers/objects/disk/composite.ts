import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stretch } from './stretches.ts';

/**
 * An object that came in parts stands on the disk as a folder: its parts as they came, and a manifest that names them
 * in order. Putting the parts together thus costs the same for any size, and no part is ever written twice.
 */
export const MANIFEST = 'manifest.json';

export interface Manifest {
  /** Bytes of the whole. */
  readonly size: number;
  readonly parts: readonly { readonly name: string; readonly size: number }[];
}

export async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')) as Manifest;
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
