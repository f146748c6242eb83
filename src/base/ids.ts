import { randomFillSync } from 'node:crypto';
import { v7, validate, version } from 'uuid';

const RANDOM_BYTES = 16;
/** Drawn for many ids at once: asking the system for each would cost more than the rest of the id. */
const pool = Buffer.alloc(RANDOM_BYTES * 256);
let drawn = pool.length;

function nextRandom(): Buffer {
  if (drawn === pool.length) {
    randomFillSync(pool);
    drawn = 0;
  }
  drawn += RANDOM_BYTES;
  return pool.subarray(drawn - RANDOM_BYTES, drawn);
}

/** Of the last id: the millisecond, and the counter that orders ids within it. */
let msecs = 0;
let seq = 0;

/**
 * A new UUIDv7 (RFC 9562) as lower-case text. Ids of one process rise, also within a millisecond and where the clock
 * goes back (method 1 of section 6.2: a counter that starts at a random value).
 */
export function newId(): string {
  const random = nextRandom();
  const now = Date.now();
  if (now > msecs) {
    msecs = now;
    // The upper half stays free to count in.
    seq = random.readUInt32BE(4) >>> 1;
  } else {
    seq += 1;
  }
  return v7({ random, msecs, seq });
}

/** Whether a text is an id that `newId` could have made; upper case is none, so that one thing has one id. */
export const isId = (text: string): boolean => text === text.toLowerCase() && validate(text) && version(text) === 7;

/** When an id was made: milliseconds of Unix time, by the clock of whoever made it (RFC 9562, section 5.7). */
export const timeOfId = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
