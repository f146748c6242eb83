import { type CreateTableBuilder, sql } from 'kysely';
import type { Dialect } from '../port.ts';
import { holds, search } from './search.ts';

export const dialect: Dialect = {
  name: 'sqlite',

  // INTEGER PRIMARY KEY by this very name is the table's own row number (sqlite.org/rowidtable.html).
  addRowKey<T extends string, C extends string, K extends string>(table: CreateTableBuilder<T, C>, column: K) {
    return table.addColumn(column, 'integer', (definition) => definition.primaryKey());
  },

  // By json_each and not by a path: a path cannot name every key.
  jsonText: (column, key) =>
    key.includes('\0')
      ? sql<string | null>`null`
      : sql<string | null>`(select cast(value as text) from json_each(${column}) where key = ${key} limit 1)`,

  contains: holds,
  search,
};
