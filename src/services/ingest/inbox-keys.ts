import { fileOfInboxKey } from '../../base/inbox-key.ts';
import type { Arrival } from './parse-events.ts';

/** Where our objects stand in the store whose events we hear. */
export interface EventPlace {
  readonly bucket: string;
  /** What the names of all our objects begin with there. */
  readonly root: string;
}

/**
 * The keys of uploads among objects that came, each once. Variants, what others keep in the bucket, and what we moved
 * there ourselves are none.
 */
export function inboxKeysOf(arrivals: readonly Arrival[], place: EventPlace): Set<string> {
  const keys = arrivals.map((arrival) => inboxKeyOf(arrival, place));
  return new Set(keys.filter((key) => key !== undefined));
}

/** Neither `%` nor `+` is in our names, so that a name that is ours can be read in one way only. */
function inboxKeyOf({ bucket, name }: Arrival, place: EventPlace): string | undefined {
  if (bucket !== place.bucket) return undefined;
  const raw = name.includes('%') ? decoded(name) : name;
  const key = raw.startsWith(place.root) ? raw.slice(place.root.length) : '';
  return fileOfInboxKey(key) === undefined ? undefined : key;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return '';
  }
}
