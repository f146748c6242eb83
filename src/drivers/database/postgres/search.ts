import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { SearchIndex, TextSearch } from '../port.ts';
import { queryFor, RUN } from './query-for.ts';
import { sampleOf } from './sample.ts';
import { PLANNED_BY_VALUE } from './statement-names.ts';

/** `Dialect.contains`. Without wildcards. No text holds a NUL character. */
export function holds(text: Expression<string>, part: string): RawBuilder<SqlBool> {
  return part.includes('\0') ? sql`false` : sql`strpos(${text}, ${part}) > 0`;
}

/** Makes of a text the words that the index has. Never changed: an index keeps what it made. */
const WORDS = sql.id(`runs_of_${RUN}`);

/**
 * An index (GIN) of all runs of four characters as the words of a text search (PostgreSQL manual, 12.9), and of the
 * shorter ones at the end of a text, so that every shorter part begins some word. The text itself is looked at
 * afterwards. Whether the index is worth it depends on the part: one that many texts hold is found sooner along the order
 * of the list. So each part gets a plan of its own.
 *
 * Not by the extension pg_trgm: its runs of three are each in so many of a million names that it is slow to find what has
 * but one of them (`99999`), and it knows nothing of shorter parts and of signs.
 */
export const search: TextSearch = {
  addKey: (table, column, type) => table.addColumn(column, type, (definition) => definition.primaryKey()),

  async create(db, index) {
    await sql`create or replace function ${WORDS}(value text) returns tsvector
      language plpgsql immutable strict parallel safe as ${sql.lit(`declare
        runs text[] := '{}';
      begin
        for start in 1..length(value) loop runs[start] := substr(value, start, ${RUN}); end loop;
        return array_to_tsvector(runs);
      end`)}`.execute(db);
    // New texts wait in a list that each search reads through, so it is kept short. In kB.
    await sql`create index ${indexName(index)} on ${sql.table(index.table)}
      using gin (${WORDS}(${sql.ref(index.column)})) with (gin_pending_list_limit = 256)`.execute(db);
  },

  async renew(db, index) {
    await sql`drop index if exists ${indexName(index)}`.execute(db);
    await search.create(db, index);
    // The planner knows nothing of an index on what a function makes until then.
    await sql`analyze ${sql.table(index.table)}`.execute(db);
  },

  matches: (index, part) => matching(index, part, queryFor(part, [])),

  matchesAmong: async (db, index, _rows, part) => matching(index, part, queryFor(part, await sampleOf(db, index))),
};

const indexName = ({ table, column }: SearchIndex) => sql.id(`${table}_${column}_search`);

function matching({ table, column }: SearchIndex, part: string, query: string | undefined): RawBuilder<SqlBool> {
  const text = sql.ref<string>(`${table}.${column}`);
  if (query === undefined) return holds(text, part);
  return sql`(${WORDS}(${text}) @@ ${query}::tsquery and ${holds(text, part)} ${sql.raw(PLANNED_BY_VALUE)})`;
}
