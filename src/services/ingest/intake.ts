import type { Arrivals } from './arrivals.ts';
import { type EventPlace, inboxKeysOf } from './inbox-keys.ts';
import { countArrivals } from './metrics.ts';
import { parseEvents } from './parse-events.ts';

/** What is done with a message, whichever way it came. */
export interface Intake {
  /** The keys of uploads that it tells of; undefined where it is no notification of a store. */
  read(body: Uint8Array): Set<string> | undefined;
  /** Resolves when all are settled. Rejects where some should be told again, when that is clear of all: see `Arrivals`. */
  settle(keys: Iterable<string>, patience: number): Promise<void>;
  /** Uploads that are being settled. */
  readonly pending: number;
}

export const createIntake = (arrivals: Arrivals, place: EventPlace): Intake => ({
  read(body) {
    const told = parseEvents(body);
    if (!told) return undefined;
    const keys = inboxKeysOf(told, place);
    if (told.length > keys.size) countArrivals('ignored', told.length - keys.size);
    return keys;
  },
  async settle(keys, patience) {
    const settled = await Promise.allSettled(Array.from(keys, (key) => arrivals.settle(key, patience)));
    const failed = settled.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
  },
  get pending() {
    return arrivals.pending;
  },
});
