import { setTimeout as wait } from 'node:timers/promises';
import { backoff } from '../../../base/backoff.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { stateOf } from './errors.ts';
import type { Pool } from './pool.ts';

/** How long the database may be away before nobody waits for its answer any more. Milliseconds. */
const PATIENCE = 10_000;
/** From then on the connection that the transaction is on is ended, in case the server has not noticed that it is gone. */
const SOON = 500;
/** `pg_xact_status` of a number that was never given. */
const IN_THE_FUTURE = '22023';

/**
 * What became of a transaction whose connection was lost while it committed: asked of the database by the transaction's
 * number. Throws `unavailable` where it cannot be found out.
 */
export async function outcomeOf(pool: Pool, transaction: string, lost: unknown): Promise<'committed' | 'aborted'> {
  const since = performance.now();
  for (let attempt = 1; performance.now() - since < PATIENCE; attempt++) {
    const status = await ask(pool, transaction, performance.now() - since > SOON).catch(() => 'away');
    if (status === 'committed' || status === 'aborted') return status;
    await wait(backoff(attempt, { base: 20, max: 500 }));
  }
  throw new HoldfastError(
    'unavailable',
    'The connection to the database was lost, and it is not known whether the change was made. Look before you repeat it.',
    { cause: lost, retryAfter: 5 },
  );
}

async function ask(pool: Pool, transaction: string, end: boolean): Promise<string | undefined> {
  return pool.using(async (session) => {
    if (end) {
      const sql = 'select pg_terminate_backend(pid) from pg_stat_activity where backend_xid = $1::xid8::xid';
      await session.execute({ sql, parameters: [transaction] });
    }
    try {
      const sql = 'select pg_xact_status($1::xid8) as status';
      const { rows } = await session.execute({ sql, parameters: [transaction] });
      return (rows[0] as { status: string | null }).status ?? undefined;
    } catch (error) {
      // The server that answers now never heard of it: another has taken over, without it.
      if (stateOf(error) === IN_THE_FUTURE) return 'aborted';
      throw error;
    }
  });
}
