import type { Calls } from '../../../rpc/testing/calls.ts';
import { accountLaws } from './accounts.ts';
import { digestLaws } from './digests.ts';
import { type Place, useGround } from './ground.ts';

/** What the notifier keeps on every database, whichever way it calls others. */
export function notifierLaws(start: () => Promise<Place>, calls?: Calls): void {
  const ground = useGround(start, calls);
  accountLaws(ground);
  digestLaws(ground);
}
