import type { CompiledQuery, QueryResult } from 'kysely';
import type { Logger } from '../../../base/logger.ts';
import { Lag } from '../lag.ts';
import { isPassing } from './again.ts';
import { stateOf } from './errors.ts';
import type { Pool } from './pool.ts';

/** A replica that is asked as long as it is there and keeps up. */
export class Replica {
  readonly #pool: Pool;
  readonly #lag: Lag<bigint>;

  constructor({ pool, primary, log }: { readonly pool: Pool; readonly primary: Pool; readonly log: Logger }) {
    this.#pool = pool;
    this.#lag = new Lag({
      position: () => positionOf(primary),
      async look() {
        const reached = await askPosition(pool, 'coalesce(pg_last_wal_replay_lsn(), pg_current_wal_lsn())');
        return (position) => reached !== undefined && position <= reached;
      },
      log,
    });
  }

  /** Undefined where the primary has to be asked. */
  async read(query: Pick<CompiledQuery, 'sql' | 'parameters'>): Promise<QueryResult<unknown> | undefined> {
    if (!this.#lag.keepsUp) return undefined;
    try {
      return await this.#pool.using((session) => session.execute(query));
    } catch (error) {
      // A statement may be in the way of what the replica takes over from its primary, too (hot standby conflict).
      if (isPassing(error)) return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#lag.stop();
    await this.#pool.close();
  }
}

const positionOf = (primary: Pool) =>
  askPosition(primary, 'pg_current_wal_lsn()').catch((error) => {
    // The primary is one that is a replica itself meanwhile, or away: its log cannot be compared with.
    if (stateOf(error) !== undefined || isPassing(error)) return undefined;
    throw error;
  });

async function askPosition(pool: Pool, position: string): Promise<bigint | undefined> {
  const sql = `select (${position} - '0/0'::pg_lsn)::text as bytes`;
  const { rows } = await pool.using((session) => session.execute({ sql, parameters: [] }));
  const { bytes } = rows[0] as { bytes: string | null };
  return bytes === null ? undefined : BigInt(bytes);
}
