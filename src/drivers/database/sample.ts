import type { Kysely } from 'kysely';
import { LRUCache } from 'lru-cache';
import type { SearchIndex } from './port.ts';

/** Some texts of a column, each with the share of all texts that it stands for. Empty where nothing is known of them. */
export type Sample = readonly { readonly text: string; readonly share: number }[];

/** Which share of all texts holds the part, as far as the sample tells. */
export const shareOf = (part: string, sample: Sample): number =>
  sample.reduce((sum, { text, share }) => (text.includes(part) ? sum + share : sum), 0);

/** What more of the texts hold is found sooner along the order of a list than by an index of parts. */
const MANY = 0.005;

export const isCommon = (part: string, sample: Sample): boolean => shareOf(part, sample) > MANY;

// biome-ignore lint/suspicious/noExplicitAny: the tables of any service.
type ReadSample = (db: Kysely<any>, index: SearchIndex) => Promise<Sample>;

/** Milliseconds. Texts come and go; it is the kind of texts that counts. */
const GOOD_FOR = 600_000;

/** Reads a sample once in a while. Where there is none yet, it is empty and not kept: parts are found without it. */
export function keepingSamples(read: ReadSample): ReadSample {
  const samples = new WeakMap<object, LRUCache<string, Promise<Sample>>>();
  return (db, index) => {
    const known = samples.get(db) ?? new LRUCache({ max: 100, ttl: GOOD_FOR });
    samples.set(db, known);
    const name = `${index.table}.${index.column}`;
    const kept = known.get(name);
    if (kept) return kept;
    const sample = read(db, index)
      .catch((): Sample => [])
      .then((texts) => {
        if (texts.length === 0) known.delete(name);
        return texts;
      });
    known.set(name, sample);
    return sample;
  };
}
