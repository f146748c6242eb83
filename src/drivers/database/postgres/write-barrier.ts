import { sql } from 'kysely';
import type { WriteBarrier } from '../port.ts';
import { BARRIER } from '../write-barrier.ts';

const triggerOf = (table: string) => sql.id(`${BARRIER}_${table}`);

/** A trigger that raises. Making and dropping one waits for whoever has written to the table. */
export const writeBarrier: WriteBarrier = {
  async raise(tx, table, flag) {
    await writeBarrier.lower(tx, table);
    await sql`create function ${triggerOf(table)}() returns trigger language plpgsql as ${sql.lit(`begin
      if exists (select 1 from ${quoted(flag.table)}
        where ${quoted(flag.until)} > extract(epoch from clock_timestamp()) * 1000) then
        raise exception '${BARRIER}';
      end if;
      return coalesce(new, old);
    end`)}`.execute(tx);
    await sql`create trigger ${triggerOf(table)} before insert or update or delete on ${sql.table(table)}
      for each row execute function ${triggerOf(table)}()`.execute(tx);
  },

  async lower(tx, table) {
    await sql`lock table ${sql.table(table)} in access exclusive mode`.execute(tx);
    await sql`drop function if exists ${triggerOf(table)}() cascade`.execute(tx);
  },
};

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
