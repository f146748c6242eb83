import type { CompiledQuery, QueryResult } from 'kysely';
import { type Loop, startLoop } from '../../../base/lifecycle.ts';
import type { Logger } from '../../../base/logger.ts';
import { isPassing } from './again.ts';
import { stateOf } from './errors.ts';
import type { Pool } from './pool.ts';

/** Milliseconds. */
const EVERY = 1_000;
/** A replica that is further behind is not read from. */
const MOST_LAG = 5_000;

/** The primary's log had come so far at that time. */
interface Mark {
  readonly at: number;
  readonly position: bigint;
}

/** A replica that is asked as long as it is there and keeps up. */
export class Replica {
  readonly #pool: Pool;
  readonly #primary: Pool;
  readonly #log: Logger;
  readonly #loop: Loop;
  #marks: Mark[] = [];
  /** What was committed up to then, it has. */
  #freshAt = Number.NEGATIVE_INFINITY;
  #used = false;

  constructor({ pool, primary, log }: { readonly pool: Pool; readonly primary: Pool; readonly log: Logger }) {
    this.#pool = pool;
    this.#primary = primary;
    this.#log = log;
    this.#loop = startLoop({ every: EVERY, round: () => this.#look(), onError: () => this.#judge() });
  }

  /** Undefined where the primary has to be asked. */
  async read(query: Pick<CompiledQuery, 'sql' | 'parameters'>): Promise<QueryResult<unknown> | undefined> {
    if (!this.#used || !this.#keepsUp()) return undefined;
    try {
      return await this.#pool.using((session) => session.execute(query));
    } catch (error) {
      // A statement may be in the way of what the replica takes over from its primary, too (hot standby conflict).
      if (isPassing(error)) return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#loop.stop();
    await this.#pool.close();
  }

  async #look(): Promise<void> {
    const position = await askPosition(this.#primary, 'pg_current_wal_lsn()').catch((error) => {
      // The primary is one that is a replica itself meanwhile, or away: its log cannot be compared with.
      if (stateOf(error) !== undefined || isPassing(error)) return undefined;
      throw error;
    });
    if (position !== undefined) this.#marks.push({ at: performance.now(), position });
    const reached = await askPosition(this.#pool, 'coalesce(pg_last_wal_replay_lsn(), pg_current_wal_lsn())');
    const behind = this.#marks.findLast((mark) => reached !== undefined && mark.position <= reached);
    if (behind) this.#freshAt = behind.at;
    this.#marks = this.#marks.filter(({ at }) => at > this.#freshAt && at > performance.now() - 2 * MOST_LAG);
    this.#judge();
  }

  #keepsUp(): boolean {
    return performance.now() - this.#freshAt <= MOST_LAG;
  }

  #judge(): void {
    const used = this.#keepsUp();
    if (used === this.#used) return;
    this.#used = used;
    if (used) this.#log.info('The replica keeps up: lists are read from it');
    else this.#log.warn('The replica is away or lags: lists are read from the primary');
  }
}

async function askPosition(pool: Pool, position: string): Promise<bigint | undefined> {
  const sql = `select (${position} - '0/0'::pg_lsn)::text as bytes`;
  const { rows } = await pool.using((session) => session.execute({ sql, parameters: [] }));
  const { bytes } = rows[0] as { bytes: string | null };
  return bytes === null ? undefined : BigInt(bytes);
}
