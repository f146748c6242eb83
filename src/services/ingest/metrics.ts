import { meter } from '../../base/metrics.ts';

/** What became of an object that the store told of. */
export type Fate = 'confirmed' | 'ignored' | 'unknown' | 'refused' | 'failed';

const arrivals = meter.createCounter('ingest.arrivals', {
  description: 'Objects that the store told of, by what became of them.',
});

export const countArrivals = (fate: Fate, count = 1): void => arrivals.add(count, { outcome: fate });
