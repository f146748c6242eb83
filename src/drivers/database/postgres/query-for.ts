import { rarestRuns } from '../rarest-runs.ts';
import { isCommon, type Sample } from '../sample.ts';

/** Characters of a run that the index has: each of three is in too many texts, and with five it takes twice the space. */
export const RUN = 4;

/**
 * A query (tsquery) of the index for what may hold the part: the rarest runs of it, or, where it is shorter than a run,
 * all runs that begin with it. Undefined where the index does not help.
 */
export function queryFor(part: string, sample: Sample): string | undefined {
  if (part === '' || part.includes('\0')) return undefined;
  const runs = rarestRuns(part, RUN, sample);
  if (runs.length > 0) return runs.map(quoted).join(' & ');
  // How many hold a run is known to the planner, but not how many a beginning of runs.
  return isCommon(part, sample) ? undefined : `${quoted(part)}:*`;
}

/** PostgreSQL manual, 8.11.2. */
const quoted = (run: string) => `'${run.replaceAll(/['\\]/g, '$&$&')}'`;
