import { sql } from 'kysely';
import type { WriteBarrier } from '../port.ts';
import { BARRIER } from '../write-barrier.ts';

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
      await sql`create trigger ${triggerOf(table, change)} before ${sql.raw(change)} on ${sql.table(table)} for each row
        begin
          if exists (select 1 from ${sql.table(flag.table)}
            where ${sql.ref(flag.until)} > unix_timestamp(sysdate(3)) * 1000) then
            signal sqlstate '45000' set message_text = ${sql.lit(BARRIER)};
          end if;
        end`.execute(tx);
    }
  },

  async lower(tx, table) {
    for (const change of CHANGES) await sql`drop trigger if exists ${triggerOf(table, change)}`.execute(tx);
  },
};
