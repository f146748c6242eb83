import { randomBytes } from 'node:crypto';
import type { PartInfo } from '../port.ts';

/**
 * A part's file says in its name all that there is to know of it: `00001-{order}-{size}`. The order, which is the
 * ETag, grows with the time at which the part was finished, so that of two parts of one number the later one counts.
 */
export interface PartFile extends PartInfo {
  readonly name: string;
}

let last = 0;

/** An ETag that sorts after all that this process has made, and those that others made before. */
export function newEtag(): string {
  last = Math.max(Date.now(), last + 1);
  return last.toString(16).padStart(12, '0') + randomBytes(6).toString('hex');
}

export function partFile(number: number, etag: string, size: number): PartFile {
  return { name: `${String(number).padStart(5, '0')}-${etag}-${size}`, number, etag, size };
}

/** Undefined for the name of another file. */
export function parsePartName(name: string): PartFile | undefined {
  const match = /^(\d{5})-([0-9a-f]{24})-(\d{1,16})$/.exec(name);
  return match ? { name, number: Number(match[1]), etag: match[2] as string, size: Number(match[3]) } : undefined;
}

/** Of parts with the same number the one that counts; in the order of their numbers. */
export function currentParts(names: readonly string[]): PartFile[] {
  const current = new Map<number, PartFile>();
  for (const name of names) {
    const part = parsePartName(name);
    if (!part) continue;
    const other = current.get(part.number);
    if (!other || other.etag < part.etag) current.set(part.number, part);
  }
  return [...current.values()].sort((one, other) => one.number - other.number);
}
