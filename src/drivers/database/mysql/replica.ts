import type { CompiledQuery, QueryResult } from 'kysely';
import { type Loop, startLoop } from '../../../base/lifecycle.ts';
import type { Logger } from '../../../base/logger.ts';
import { isContention, isLost } from './errors.ts';
import type { Pool } from './pool.ts';
import type { ServerKind } from './server.ts';

/** Milliseconds. */
const EVERY = 1_000;
/** A replica that is further behind is not read from. */
const MOST_LAG = 5_000;
const STATEMENT = 5_000;

/** How servers name what they have carried out (global transaction ids); no privilege is needed to ask. */
const POSITIONS = {
  MySQL: {
    position: 'select @@global.gtid_executed as position',
    reached: 'select gtid_subset(?, @@global.gtid_executed) as reached',
  },
  MariaDB: {
    position: 'select @@global.gtid_binlog_pos as position',
    // Does not wait: it answers 0 where the position has been reached.
    reached: 'select master_gtid_wait(?, 0) = 0 as reached',
  },
} as const;

/** The primary's log had come so far at that time. */
interface Mark {
  readonly at: number;
  readonly position: string;
}

interface ReplicaParts {
  readonly pool: Pool;
  readonly primary: Pool;
  readonly kind: ServerKind;
  readonly statementTimeout: number;
  readonly log: Logger;
}

/** A replica that is asked as long as it is there and keeps up. */
export class Replica {
  readonly #parts: ReplicaParts;
  readonly #loop: Loop;
  #marks: Mark[] = [];
  /** What was committed up to then, it has. */
  #freshAt = Number.NEGATIVE_INFINITY;
  #used = false;

  constructor(parts: ReplicaParts) {
    this.#parts = parts;
    this.#loop = startLoop({ every: EVERY, round: () => this.#look(), onError: () => this.#judge() });
  }

  /** Undefined where the primary has to be asked. */
  async read({
    sql,
    parameters,
  }: Pick<CompiledQuery, 'sql' | 'parameters'>): Promise<QueryResult<unknown> | undefined> {
    const { pool, statementTimeout } = this.#parts;
    if (!this.#used || !this.#keepsUp()) return undefined;
    try {
      return await pool.using((session) => session.execute(sql, parameters, statementTimeout));
    } catch (error) {
      if (isLost(error) || isContention(error)) return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#loop.stop();
    await this.#parts.pool.close();
  }

  async #look(): Promise<void> {
    const { primary, pool, kind } = this.#parts;
    const { reached } = POSITIONS[kind.name];
    const position = await positionOf(primary, kind).catch(() => undefined);
    if (position) this.#marks.push({ at: performance.now(), position });
    for (const mark of this.#marks.toReversed()) {
      const { rows } = await pool.using((session) => session.execute(reached, [mark.position], STATEMENT));
      if ((rows[0] as { reached: number | null }).reached !== 1) continue;
      this.#freshAt = mark.at;
      break;
    }
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
    const { log } = this.#parts;
    if (used) log.info('The replica keeps up: lists are read from it');
    else log.warn('The replica is away or lags: lists are read from the primary');
  }
}

/** How far a server has come; empty where it does not say. */
export async function positionOf(pool: Pool, { name }: ServerKind): Promise<string> {
  const { rows } = await pool.using((session) => session.execute(POSITIONS[name].position, [], STATEMENT));
  return (rows[0] as { position: string }).position;
}
