import type { Sweep } from './sweep.ts';

/** At a time: enough that grouped commits pay, few enough that requests do not feel it. */
const CONCURRENCY = 4;
/** So many failures in a row are not the items' fault. */
const GIVE_UP_AFTER = 10;

/**
 * Does something with each item. One that fails is logged and counted, and the rest goes on; when nothing works any
 * more, the step ends with the last error, and the next sweep tries again.
 */
export async function eachItem<T>(
  sweep: Sweep,
  items: Iterable<T>,
  describe: (item: T) => Readonly<Record<string, string>>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const { log, report, context } = sweep;
  const remaining = items[Symbol.iterator]();
  let failedInARow = 0;
  let hopeless: unknown;

  async function worker(): Promise<void> {
    for (let item = remaining.next(); !item.done && hopeless === undefined; item = remaining.next()) {
      context.signal.throwIfAborted();
      try {
        await work(item.value);
        failedInARow = 0;
      } catch (error) {
        context.signal.throwIfAborted();
        report.failures++;
        log.warn({ err: error, ...describe(item.value) }, 'could not be swept; the next sweep tries again');
        if (++failedInARow >= GIVE_UP_AFTER) hopeless = error;
      }
    }
  }

  const results = await Promise.allSettled(Array.from({ length: CONCURRENCY }, worker));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  if (hopeless !== undefined) throw hopeless;
}
