import type { Logger } from '../../../base/logger.ts';
import type { Underway } from '../underway.ts';
import type { Address } from './address.ts';
import type { Pool } from './pool.ts';
import type { Replica } from './replica.ts';
import type { UnitTimes } from './units.ts';

/** What the views of one server share. */
export interface Parts {
  readonly address: Address;
  readonly units: Pool;
  readonly reads: Pool;
  readonly replica: Replica | undefined;
  readonly times: UnitTimes;
  readonly work: Underway;
  readonly log: Logger;
}
