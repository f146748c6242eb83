import type { ObjectColumns } from '../../base/moving-tables.ts';
import type { Database } from '../../drivers/database/port.ts';
import { AUTH_MOVING } from '../../services/auth/moving.ts';
import { FILES_MOVING } from '../../services/files/moving.ts';
import { NOTIFIER_MOVING } from '../../services/notifier/moving.ts';

/** A copy knows tables by what their services say of them, and no other type. */
// biome-ignore lint/suspicious/noExplicitAny: see above.
export type AnyTables = any;
export type AnyDatabase = Database<AnyTables>;

/** A table whose rows are copied. */
export interface CopiedTable {
  readonly name: string;
  readonly columns: readonly string[];
  /** Those of the columns by which rows are ordered and told apart. */
  readonly key: readonly string[];
  readonly object: ObjectColumns<string> | undefined;
}

interface Declared {
  readonly stays?: string;
  readonly columns?: Readonly<Record<string, 'key' | 'value'>>;
  readonly object?: ObjectColumns<string>;
}

const DECLARED: Readonly<Record<string, Declared>> = { ...AUTH_MOVING, ...FILES_MOVING, ...NOTIFIER_MOVING };

/** All tables of all services that move. */
export const COPIED_TABLES: readonly CopiedTable[] = Object.entries(DECLARED).flatMap(([name, { columns, object }]) => {
  if (!columns) return [];
  const key = Object.keys(columns).filter((column) => columns[column] === 'key');
  return [{ name, columns: Object.keys(columns), key, object }];
});

/** Those that do not. */
export const STAYING_TABLES: readonly string[] = Object.keys(DECLARED).filter((name) => !DECLARED[name]?.columns);
