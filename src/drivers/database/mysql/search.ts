import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { TextSearch } from '../port.ts';

/** `Dialect.contains`: of bytes, so without collation and wildcards. No text holds a NUL character. */
export function holds(text: Expression<string>, part: string): RawBuilder<SqlBool> {
  return part.includes('\0') ? sql`false` : sql`instr(${text}, cast(${part} as binary)) > 0`;
}

export const search: TextSearch = {
  addKey: (table, column, type) => table.addColumn(column, type, (definition) => definition.notNull().primaryKey()),

  async create() {},

  matches: (index, part) => holds(sql.ref<string>(`${index.table}.${index.column}`), part),
};
