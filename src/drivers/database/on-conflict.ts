import { type Kysely, sql } from 'kysely';
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

/** `Dialect.insertOrAdd` by `ON CONFLICT … DO UPDATE`. */
export const addOnConflict: Dialect['insertOrAdd'] = async (tx, table, rows, { key, number }) => {
  if (rows.length === 0) return;
  const sum = sql<number>`${sql.ref(`${table}.${number}`)} + ${sql.ref(`excluded.${number}`)}`;
  // biome-ignore lint/suspicious/noExplicitAny: the types of the port's signature are checked where it is called.
  const insert = (tx as Kysely<any>).insertInto(table).values(rows);
  await insert.onConflict((conflict) => conflict.column(key).doUpdateSet({ [number]: sum } as object)).execute();
};
