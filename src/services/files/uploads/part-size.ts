const MIB = 1024 ** 2;

/** Larger uploads come in parts. */
const SINGLE_LIMIT = 64 * MIB;
const SMALLEST_PART = 16 * MIB;
/** S3 takes no more parts (Amazon S3 multipart upload limits). */
const MOST_PARTS = 10_000;

/** Bytes of a part, a whole number of mebibytes; null where one request takes the whole. */
export function partSizeFor(size: number): number | null {
  if (size <= SINGLE_LIMIT) return null;
  return Math.max(SMALLEST_PART, Math.ceil(size / MOST_PARTS / MIB) * MIB);
}

export const partCount = (size: number, partSize: number): number => Math.ceil(size / partSize);
