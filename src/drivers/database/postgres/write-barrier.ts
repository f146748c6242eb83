import { sql } from 'kysely';
import type { WriteBarrier } from '../port.ts';
import { BARRIER } from '../write-barrier.ts';

const nameOf = (table: string) => sql.id(`${BARRIER}_${table}`);

/**
 * A trigger that raises (postgresql.org/docs/current/sql-createtrigger.html). Making it waits for all who have written
 * to the table, and lets readers go on.
 */
export const writeBarrier: WriteBarrier = {
  async raise(tx, table, flag) {
    const name = nameOf(table);
    await sql`create or replace function ${name}() returns trigger language plpgsql as $$
      begin
        if exists (select 1 from ${sql.table(flag.table)}
          where ${sql.ref(flag.until)} > extract(epoch from clock_timestamp()) * 1000) then
          raise exception ${sql.lit(BARRIER)};
        end if;
        if tg_op = 'DELETE' then return old; end if;
        return new;
      end $$`.execute(tx);
    await sql`create or replace trigger ${name} before insert or update or delete on ${sql.table(table)}
      for each row execute function ${name}()`.execute(tx);
  },

  async lower(tx, table) {
    await sql`drop trigger if exists ${nameOf(table)} on ${sql.table(table)}`.execute(tx);
    await sql`drop function if exists ${nameOf(table)}()`.execute(tx);
  },
};
