import { setTimeout as pause } from 'node:timers/promises';
import { PATIENCE } from './patience.ts';

interface UntilOptions {
  /** Milliseconds until it gives up, times `PATIENCE`. */
  readonly within?: number;
  /** Milliseconds between two looks. */
  readonly every?: number;
  /** Gives up at once when a look throws. */
  readonly stopOnError?: boolean;
}

/**
 * Looks again and again until `look` answers something, and answers that. Throws after the deadline, with what was
 * waited for and what the last look threw.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  { within = 60_000, every = 25, stopOnError = false }: UntilOptions = {},
): Promise<T> {
  const limit = within * PATIENCE;
  const deadline = performance.now() + limit;
  let last: unknown;
  do {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      last = undefined;
    } catch (error) {
      if (stopOnError) throw error;
      last = error;
    }
    await pause(every);
  } while (performance.now() < deadline);
  throw new Error(`Waited ${limit} ms for ${what}`, { cause: last });
}

/** Rejects after so many milliseconds, times `PATIENCE`, when the promise is still open. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const limit = ms * PATIENCE;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${limit} ms for ${what}`)), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
