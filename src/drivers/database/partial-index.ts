import { type Kysely, sql } from 'kysely';
import type { SparseIndex } from './port.ts';

/** `Dialect.addSparseIndex` where indexes take a condition. */
export async function addPartialIndex(
  // biome-ignore lint/suspicious/noExplicitAny: a migration works on whatever tables are there.
  db: Kysely<any>,
  { name, table, columns, where }: SparseIndex,
): Promise<void> {
  let index = db.schema
    .createIndex(name)
    .on(table)
    .columns([...columns]);
  for (const [column, comparison, value] of where) {
    index = index.where(sql.ref(column), comparison, value === null ? null : sql.lit(value));
  }
  await index.execute();
}
