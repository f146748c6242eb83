import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { SearchIndex, TextSearch } from '../port.ts';
import { namingRows } from './along-index.ts';

/** Rows that are named one by one, at most. */
const MOST_NAMED = 1000;

/** `Dialect.contains`: of bytes, so without collation and wildcards. No text holds a NUL character. */
export function holds(text: Expression<string>, part: string): RawBuilder<SqlBool> {
  return part.includes('\0') ? sql`false` : sql`instr(${text}, cast(${part} as binary)) > 0`;
}

/**
 * Neither server has an index of the parts of a text that serves. `FULLTEXT` finds the rows of everybody before it looks
 * at whose they are, and MariaDB has no parser for it that knows of anything but words; a table of parts would have to
 * be kept by triggers, which whoever is no administrator may not make on a MySQL with a binary log.
 *
 * What does serve is an index of the texts themselves, in the order of those whom they belong to: it is read without
 * looking at the rows, a million texts in less than a second, and only as far as the first `MOST_NAMED` that hold the
 * part. Where there are no more, they are named to the query. Otherwise it finds them soon along whichever order it
 * lists in.
 */
export const search: TextSearch = {
  addKey: (table, column, type) => table.addColumn(column, type, (definition) => definition.notNull().primaryKey()),

  async create() {},
  async renew() {},

  matches: (index, part) => holds(textOf(index), part),

  async matchesAmong(db, index, rows, part) {
    if (part.includes('\0')) return sql<SqlBool>`false`;
    const { table, key } = index;
    const holders = sql<{ key: string }>`select ${sql.ref(key)} as ${sql.ref('key')} from ${sql.table(table)}
      where ${sql.ref(`${table}.${rows.column}`)} = ${rows.value} and ${holds(textOf(index), part)}
      limit ${sql.lit(MOST_NAMED + 1)}`;
    const keys = (await holders.execute(db)).rows.map((row) => row.key);
    if (keys.length > MOST_NAMED) return holds(textOf(index), part);
    if (keys.length === 0) return sql<SqlBool>`false`;
    const named = sql<SqlBool>`${sql.ref(`${table}.${key}`)} in (${sql.join(filledUp(keys))})`;
    return namingRows(sql<SqlBool>`(${named} and ${holds(textOf(index), part)})`);
  },
};

const textOf = ({ table, column }: SearchIndex) => sql.ref<string>(`${table}.${column}`);

/** To one of a few lengths, by naming the last again: each length is a statement that the server prepares and keeps. */
function filledUp(keys: readonly string[]): string[] {
  const length = [1, 10, 100, MOST_NAMED].find((each) => each >= keys.length) ?? keys.length;
  return Array.from({ length }, (_, index) => keys[Math.min(index, keys.length - 1)] as string);
}
