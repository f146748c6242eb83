import { stateOf } from './errors.ts';
import type { Pool } from './pool.ts';
import { runUnit, type Work } from './unit.ts';
import type { Target } from './url.ts';

/** For advisory locks, which are a database's own: any number that nobody else takes. */
const LOCK = 0x486f6c64;
/** Milliseconds. Indexes of large tables take their time. */
const MIGRATION = 3_600_000;
/** How long others wait behind a migration that waits for a table. */
const TABLE_LOCK = 10_000;

const INSUFFICIENT_PRIVILEGE = '42501';

/** Runs a migration in a transaction that no other migration of this database runs beside. */
export async function migrateExclusively<R>(pool: Pool, work: Work<R>, target: Target): Promise<R> {
  const prelude =
    `set local statement_timeout = ${MIGRATION}; select pg_advisory_xact_lock(${LOCK}); ` +
    `set local lock_timeout = ${TABLE_LOCK}; `;
  try {
    return await runUnit(pool, work, { prelude, timeout: MIGRATION });
  } catch (error) {
    if (stateOf(error) !== INSUFFICIENT_PRIVILEGE) throw error;
    const user = `"${target.user ?? ''}"`;
    throw new Error(
      `DATABASE_URL: the user ${user} may not make tables in the database "${target.database}" ` +
        `(${(error as Error).message}). Run there: GRANT CREATE, USAGE ON SCHEMA public TO ${user}.`,
      { cause: error },
    );
  }
}
