import { type SqlBool, sql } from 'kysely';
import type { Dialect } from './port.ts';

/** `Dialect.beyond` where row values are compared as one key of an index. */
export const beyondByRowValues: Dialect['beyond'] = (columns, comparison, values) =>
  sql<SqlBool>`(${sql.join(columns.map((column) => sql.ref(column)))}) ${sql.raw(comparison)} (${sql.join([...values])})`;
