import { sql } from 'kysely';
import { addOnConflict, insertOnNoConflict } from '../on-conflict.ts';
import { addPartialIndex } from '../partial-index.ts';
import type { Dialect } from '../port.ts';
import { beyondByRowValues } from '../row-values.ts';
import { createPartitioned } from './partitions.ts';
import { holds, search } from './search.ts';
import { writeBarrier } from './write-barrier.ts';

export const dialect: Dialect = {
  name: 'postgres',
  createPartitioned,
  addSparseIndex: addPartialIndex,
  insertIfAbsent: insertOnNoConflict,
  insertOrAdd: addOnConflict,
  beyond: beyondByRowValues,
  async writeNumbers(tx, table, columns, rows) {
    const [name, key, number] = [table, columns.key, columns.number].map((id) => sql.id(id));
    const keys = sql.val(rows.map((row) => row.key));
    const numbers = sql.val(rows.map((row) => row.number));
    await sql`update ${name} set ${number} = list.number from unnest(${keys}::text[], ${numbers}::bigint[])
      as list (key, number) where ${name}.${key} = list.key`.execute(tx);
  },
  jsonText: (column, key) =>
    key.includes('\0') ? sql<string | null>`null` : sql<string | null>`(${column})::json ->> ${key}::text`,
  contains: holds,
  search,
  writeBarrier,
};
