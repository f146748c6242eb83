import type { CompiledQuery, QueryResult } from 'kysely';
import type { Logger } from '../../../base/logger.ts';
import { Lag } from '../lag.ts';
import { isContention, isLost } from './errors.ts';
import type { Pool } from './pool.ts';
import type { ServerKind } from './server.ts';

/** Milliseconds. */
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
  readonly #lag: Lag<string>;

  constructor(parts: ReplicaParts) {
    const { pool, primary, kind, log } = parts;
    const { reached } = POSITIONS[kind.name];
    this.#parts = parts;
    this.#lag = new Lag({
      position: async () => (await positionOf(primary, kind).catch(() => undefined)) || undefined,
      look: async () => async (position) => {
        const { rows } = await pool.using((session) => session.execute(reached, [position], STATEMENT));
        return (rows[0] as { reached: number | null }).reached === 1;
      },
      log,
    });
  }

  /** Undefined where the primary has to be asked. */
  async read({
    sql,
    parameters,
  }: Pick<CompiledQuery, 'sql' | 'parameters'>): Promise<QueryResult<unknown> | undefined> {
    const { pool, statementTimeout } = this.#parts;
    if (!this.#lag.keepsUp) return undefined;
    try {
      return await pool.using((session) => session.execute(sql, parameters, statementTimeout));
    } catch (error) {
      if (isLost(error) || isContention(error)) return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#lag.stop();
    await this.#parts.pool.close();
  }
}

/** How far a server has come; empty where it does not say. */
export async function positionOf(pool: Pool, { name }: ServerKind): Promise<string> {
  const { rows } = await pool.using((session) => session.execute(POSITIONS[name].position, [], STATEMENT));
  return (rows[0] as { position: string }).position;
}
