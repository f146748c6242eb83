import { MAX_PARTS } from '../limits.ts';

/** The largest object that S3 takes. Bytes. */
const LARGEST = 5 * 1024 ** 4;
const MIB = 1024 ** 2;

/** Parts that have the smallest length; those after them grow. */
const EVEN = MAX_PARTS / 2;

/**
 * Length of a part, by its number from 1. Of a known size, all parts are as long as it takes to need no more of them
 * than there may be. Of an unknown one, the first 5,000 are `smallest` long (26 GB of 5 MiB), and those after them
 * grow by the same each time, so that the largest object that there may be fits in.
 */
export function partLengthAt(number: number, smallest: number, size?: number): number {
  if (size !== undefined) return Math.max(smallest, Math.ceil(size / MAX_PARTS / MIB) * MIB);
  const growing = MAX_PARTS - EVEN;
  const step = Math.ceil(((LARGEST - MAX_PARTS * smallest) * 2) / (growing * (growing + 1)));
  return smallest + Math.max(0, number - EVEN) * step;
}
