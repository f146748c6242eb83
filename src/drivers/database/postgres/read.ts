import type { CompiledQuery, QueryResult } from 'kysely';
import { Again } from './again.ts';
import { portError } from './errors.ts';
import type { Pool } from './pool.ts';

/** Runs one statement that writes nothing, again where its connection is lost. */
export async function read(
  pool: Pool,
  query: Pick<CompiledQuery, 'sql' | 'parameters'>,
): Promise<QueryResult<unknown>> {
  const again = new Again();
  for (;;) {
    try {
      return await pool.using((session) => session.execute(query));
    } catch (thrown) {
      await again.after(thrown).catch((error) => {
        throw portError(error);
      });
    }
  }
}
