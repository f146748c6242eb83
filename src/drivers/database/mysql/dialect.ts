import { type Expression, type SqlBool, sql } from 'kysely';
import type { Dialect } from '../port.ts';
import { alongIndex } from './along-index.ts';
import { holds, search } from './search.ts';
import { writeBarrier } from './write-barrier.ts';

export const dialect: Dialect = {
  name: 'mysql',

  // A table with partitions has no unique key but over their column, and its indexes are asked in each of them.
  createPartitioned: (_, __, table) => table.execute(),

  // An index has an entry for each row. What is compared with `=` comes first, so that a range of it is those rows.
  async addSparseIndex(db, { name, table, columns, where }) {
    const fixed = where.filter(([, comparison]) => comparison !== 'is not').map(([column]) => column);
    await db.schema
      .createIndex(name)
      .on(table)
      .columns([...fixed, ...columns.filter((column) => !fixed.includes(column))])
      .execute();
  },

  // Not `INSERT IGNORE`, which would take for a warning whatever else is wrong.
  async insertIfAbsent(tx, table, rows, key) {
    const [first] = key as readonly string[];
    if (rows.length === 0 || first === undefined) return;
    // biome-ignore lint/suspicious/noExplicitAny: the types of the port's signature are checked where it is called.
    const insert = (tx as any).insertInto(table).values(rows);
    await insert.onDuplicateKeyUpdate({ [first]: sql.ref(first) }).execute();
  },

  async insertOrAdd(tx, table, rows, { number }) {
    if (rows.length === 0) return;
    const sum = sql<number>`${sql.ref(number)} + values(${sql.ref(number)})`;
    // biome-ignore lint/suspicious/noExplicitAny: the types of the port's signature are checked where it is called.
    const insert = (tx as any).insertInto(table).values(rows);
    await insert.onDuplicateKeyUpdate({ [number]: sum }).execute();
  },

  async writeNumbers(tx, table, columns, rows) {
    const [name, key, number] = [table, columns.key, columns.number].map((id) => sql.id(id));
    for (const chunk of inChunks(rows)) {
      const list = sql.join(
        chunk.map((row) => sql`select cast(${row.key} as binary) as k, cast(${row.number} as signed) as n`),
        sql` union all `,
      );
      await sql`update ${name} join (${list}) as list on ${name}.${key} = list.k
        set ${name}.${number} = list.n`.execute(tx);
    }
  },

  beyond(columns, comparison, values, index) {
    const condition = beyond(columns, comparison, values);
    return index === undefined ? condition : alongIndex(condition, index);
  },

  /**
   * By a path whose key is a JSON string (dev.mysql.com/doc/refman/8.4/en/json.html#json-path-syntax), which can name
   * any key. Texts that are bytes have to be called text again for it.
   */
  jsonText(column, key) {
    if (key.includes('\0')) return sql<string | null>`null`;
    const value = sql`json_extract(convert(${column} using utf8mb4), ${`$.${JSON.stringify(key)}`})`;
    return sql<
      string | null
    >`cast(case when json_type(${value}) = 'NULL' then null else json_unquote(${value}) end as binary)`;
  },

  contains: holds,
  search,
  writeBarrier,
};

/** Of few lengths, so that there are few statements to be kept. */
function* inChunks<T>(rows: readonly T[]): Generator<readonly T[]> {
  let next = 0;
  for (const length of [64, 16, 4, 1]) {
    for (; next + length <= rows.length; next += length) yield rows.slice(next, next + length);
  }
}

/**
 * Written out: neither server goes to a place in an index by a comparison of row values
 * (dev.mysql.com/doc/refman/8.4/en/row-constructor-optimization.html), but both do by ranges that begin alike.
 */
function beyond(
  [column, ...columns]: readonly string[],
  comparison: '<' | '>',
  [value, ...values]: readonly (string | number)[],
): Expression<SqlBool> {
  if (column === undefined || value === undefined) return sql<SqlBool>`false`;
  const further = sql<SqlBool>`${sql.ref(column)} ${sql.raw(comparison)} ${value}`;
  if (columns.length === 0) return further;
  return sql<SqlBool>`(${further} or (${sql.ref(column)} = ${value} and ${beyond(columns, comparison, values)}))`;
}
