import { sql } from 'kysely';
import type { WriteBarrier } from '../port.ts';
import { BARRIER } from '../write-barrier.ts';
import { isNumber } from './errors.ts';

/** Said where a server with a binary log lets only administrators make triggers. */
const NO_TRIGGERS = 1419;
const TRUST =
  'The database server has a binary log and lets nobody but administrators make triggers. ' +
  'Run there: SET GLOBAL log_bin_trust_function_creators = 1.';

const CHANGES = ['insert', 'update', 'delete'] as const;

const triggerOf = (table: string, change: string) => sql.id(`${BARRIER}_${table}_${change}`);

/**
 * Triggers that signal (dev.mysql.com/doc/refman/8.4/en/create-trigger.html). Making one waits for all units that have
 * used the table, and commits at once. Where the server keeps a binary log, whoever has no SUPER privilege may make them
 * only with `log_bin_trust_function_creators`.
 */
export const writeBarrier: WriteBarrier = {
  async raise(tx, table, flag) {
    await writeBarrier.lower(tx, table);
    for (const change of CHANGES) {
      const trigger = sql`create trigger ${triggerOf(table, change)} before ${sql.raw(change)} on ${sql.table(table)} for each row
        begin
          if exists (select 1 from ${sql.table(flag.table)}
            where ${sql.ref(flag.until)} > unix_timestamp(sysdate(3)) * 1000) then
            signal sqlstate '45000' set message_text = ${sql.lit(BARRIER)};
          end if;
        end`;
      await trigger.execute(tx).catch(explain);
    }
  },

  async lower(tx, table) {
    for (const change of CHANGES) {
      await sql`drop trigger if exists ${triggerOf(table, change)}`.execute(tx).catch(explain);
    }
  },
};

function explain(error: unknown): never {
  throw isNumber(error, NO_TRIGGERS) ? new Error(TRUST, { cause: error }) : error;
}
