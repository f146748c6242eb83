import { type Sample, shareOf } from './sample.ts';

/** Characters of a run that the index has: each of three is in too many texts, and with five it takes twice the space. */
export const GRAM = 4;
/** What more of the texts hold is found sooner along the order of a list, where there are millions. */
const MANY = 0.005;
/** Runs of a part that are weighed. */
const MAX_GRAMS = 8;
/** Runs that are looked up: each narrows what is found, and each takes time. */
const LOOKED_UP = 2;

/**
 * A query (tsquery) of the index for what may hold the part: the runs of it that are the rarest by the sample, or, where
 * it is shorter than a run, all runs that begin with it. Undefined where the index does not help.
 */
export function queryFor(part: string, sample: Sample): string | undefined {
  const characters = [...part];
  if (characters.length === 0 || part.includes('\0')) return undefined;
  // How many hold a run is known to the planner, but not how many a beginning of runs.
  if (characters.length < GRAM) return shareOf(part, sample) > MANY ? undefined : `${quoted(part)}:*`;
  const step = Math.ceil((characters.length - GRAM + 1) / MAX_GRAMS);
  const grams = new Set<string>();
  for (let start = 0; start + GRAM <= characters.length; start += step) {
    grams.add(characters.slice(start, start + GRAM).join(''));
  }
  return [...grams]
    .map((gram) => ({ gram, share: shareOf(gram, sample) }))
    .sort((one, other) => one.share - other.share)
    .slice(0, LOOKED_UP)
    .map(({ gram }) => quoted(gram))
    .join(' & ');
}

/** PostgreSQL manual, 8.11.2. */
const quoted = (gram: string) => `'${gram.replaceAll(/['\\]/g, '$&$&')}'`;
