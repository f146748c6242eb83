import { setTimeout as wait } from 'node:timers/promises';
import type { CompiledQuery, QueryResult } from 'kysely';
import { backoff } from '../../../base/backoff.ts';
import { isContention, isLost, portError } from './errors.ts';
import type { Pool } from './pool.ts';
import type { UnitTimes } from './units.ts';

/** Runs one statement that writes nothing, again where its connection is lost or its table was changed meanwhile. */
export async function read(
  pool: Pool,
  { statement, reconnecting }: UnitTimes,
  { sql, parameters }: Pick<CompiledQuery, 'sql' | 'parameters'>,
): Promise<QueryResult<unknown>> {
  const begun = performance.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return await pool.using((session) => session.execute(sql, parameters, statement));
    } catch (error) {
      const again = isLost(error) || isContention(error);
      if (!again || performance.now() - begun > reconnecting) throw portError(error);
    }
    await wait(backoff(attempt, { base: 20, max: 500 }));
  }
}
