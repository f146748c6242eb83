import { sql } from 'kysely';
import type { WriteBarrier } from '../port.ts';
import { BARRIER } from '../write-barrier.ts';

const CHANGES = ['insert', 'update', 'delete'] as const;

const triggerOf = (table: string, change: string) => sql.id(`${BARRIER}_${table}_${change}`);

/** Triggers that raise (sqlite.org/lang_createtrigger.html). Connections of other processes notice the new schema. */
export const writeBarrier: WriteBarrier = {
  async raise(tx, table, flag) {
    await writeBarrier.lower(tx, table);
    const holds = sql`exists (select 1 from ${sql.table(flag.table)}
      where ${sql.ref(flag.until)} > unixepoch('subsec') * 1000)`;
    for (const change of CHANGES) {
      await sql`create trigger ${triggerOf(table, change)} before ${sql.raw(change)} on ${sql.table(table)}
        when ${holds} begin select raise(abort, ${sql.lit(BARRIER)}); end`.execute(tx);
    }
  },

  async lower(tx, table) {
    for (const change of CHANGES) await sql`drop trigger if exists ${triggerOf(table, change)}`.execute(tx);
  },
};
