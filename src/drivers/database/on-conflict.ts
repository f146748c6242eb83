import type { Kysely } from 'kysely';
import type { Dialect } from './port.ts';

/** `Dialect.insertIfAbsent` by `ON CONFLICT … DO NOTHING`. */
export const insertOnNoConflict: Dialect['insertIfAbsent'] = async (tx, table, rows, key) => {
  if (rows.length === 0) return;
  // biome-ignore lint/suspicious/noExplicitAny: the types of the port's signature are checked where it is called.
  await (tx as Kysely<any>)
    .insertInto(table)
    .values(rows)
    .onConflict((conflict) => conflict.columns([...key] as string[]).doNothing())
    .execute();
};
