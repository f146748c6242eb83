import { sql } from 'kysely';
import type { Dialect } from '../port.ts';

/**
 * Enough that vacuum and index builds of a large table come in pieces, and few enough that a query which cannot know
 * the partition (a list of an owner) looks into all of them at once. They cannot be changed later without a copy.
 */
const PARTITIONS = 8;

/** `Dialect.createPartitioned` (PostgreSQL manual, 5.11). */
export const createPartitioned: Dialect['createPartitioned'] = async (db, { table, by }, builder) => {
  await builder.modifyEnd(sql`partition by hash (${sql.ref(by)})`).execute();
  for (let remainder = 0; remainder < PARTITIONS; remainder++) {
    await sql`create table ${sql.table(`${table}_${remainder}`)} partition of ${sql.table(table)}
      for values with (modulus ${sql.lit(PARTITIONS)}, remainder ${sql.lit(remainder)})`.execute(db);
  }
};
