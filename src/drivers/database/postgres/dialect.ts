import { sql } from 'kysely';
import { insertOnNoConflict } from '../insert-if-absent.ts';
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
  beyond: beyondByRowValues,
  jsonText: (column, key) =>
    key.includes('\0') ? sql<string | null>`null` : sql<string | null>`(${column})::json ->> ${key}::text`,
  contains: holds,
  search,
  writeBarrier,
};
