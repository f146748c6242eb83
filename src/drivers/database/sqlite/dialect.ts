import { sql } from 'kysely';
import { addOnConflict, insertOnNoConflict } from '../on-conflict.ts';
import { addPartialIndex } from '../partial-index.ts';
import type { Dialect } from '../port.ts';
import { beyondByRowValues } from '../row-values.ts';
import { holds, search } from './search.ts';
import { writeBarrier } from './write-barrier.ts';

export const dialect: Dialect = {
  name: 'sqlite',
  // One file has no use for partitions.
  createPartitioned: (_, __, table) => table.execute(),
  addSparseIndex: addPartialIndex,
  insertIfAbsent: insertOnNoConflict,
  insertOrAdd: addOnConflict,
  beyond: beyondByRowValues,

  async writeNumbers(tx, table, columns, rows) {
    const [name, key, number] = [table, columns.key, columns.number].map((id) => sql.id(id));
    const list = JSON.stringify(rows.map((row) => [row.key, row.number]));
    await sql`update ${name} set ${number} = list.value ->> 1 from json_each(${list}) as list
      where ${name}.${key} = list.value ->> 0`.execute(tx);
  },

  // By json_each and not by a path: a path cannot name every key.
  jsonText: (column, key) =>
    key.includes('\0')
      ? sql<string | null>`null`
      : sql<string | null>`(select cast(value as text) from json_each(${column}) where key = ${key} limit 1)`,

  contains: holds,
  search,
  writeBarrier,
};
