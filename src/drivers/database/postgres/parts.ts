import type { Logger } from '../../../base/logger.ts';
import type { Underway } from '../underway.ts';
import type { Pool } from './pool.ts';
import type { Replica } from './replica.ts';
import type { Target } from './url.ts';

/** What the views of one server share. */
export interface Parts {
  readonly target: Target;
  readonly units: Pool;
  readonly reads: Pool;
  readonly replica: Replica | undefined;
  readonly work: Underway;
  readonly log: Logger;
}
