import { type Sample, shareOf } from './sample.ts';

/** Runs of a part that are weighed, taken evenly from all of it. */
const WEIGHED = 8;
/** More hardly narrow it further, and each takes time. */
const LOOKED_UP = 2;

/**
 * Of the runs of `length` characters in a part, those that the fewest texts of the sample hold, to be looked up in an index
 * of such runs: what many hold takes time, and narrows nothing. None where the part is shorter.
 */
export function rarestRuns(part: string, length: number, sample: Sample): string[] {
  const characters = [...part];
  const step = Math.max(1, Math.ceil((characters.length - length + 1) / WEIGHED));
  const runs = new Set<string>();
  for (let start = 0; start + length <= characters.length; start += step) {
    runs.add(characters.slice(start, start + length).join(''));
  }
  return [...runs]
    .map((run) => ({ run, share: shareOf(run, sample) }))
    .sort((one, other) => one.share - other.share)
    .slice(0, LOOKED_UP)
    .map(({ run }) => run);
}
