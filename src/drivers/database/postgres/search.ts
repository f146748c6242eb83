import { type Expression, type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely';
import { LRUCache } from 'lru-cache';
import type { SearchIndex, TextSearch } from '../port.ts';
import { rarePieces } from './rare-pieces.ts';
import { PLANNED_BY_VALUE } from './statement-names.ts';

/** `Dialect.contains`. Without wildcards. No text holds a NUL character. */
export function holds(text: Expression<string>, part: string): RawBuilder<SqlBool> {
  return part.includes('\0') ? sql`false` : sql`strpos(${text}, ${part}) > 0`;
}

/**
 * An index of all runs of three letters or digits (PostgreSQL manual, F.33 pg_trgm), which LIKE uses; the text itself is
 * looked at afterwards. Whether it is worth it depends on the part: one that many texts hold is found sooner along the
 * order of the list. So each part gets a plan of its own.
 */
export const search: TextSearch = {
  addKey: (table, column, type) => table.addColumn(column, type, (definition) => definition.primaryKey()),

  async create(db, { table, column }) {
    const schema = await trigramSchema(db);
    const operators = sql.id(schema, 'gin_trgm_ops');
    // New texts wait in a list that each search reads through, so it is kept short. In kB.
    await sql`create index ${sql.id(`${table}_${column}_search`)} on ${sql.table(table)}
      using gin (${sql.ref(column)} ${operators}) with (gin_pending_list_limit = 256)`.execute(db);
  },

  matches({ table, column }, part) {
    if (part.includes('\0')) return sql<SqlBool>`false`;
    const pattern = `%${part.replaceAll(/[\\%_]/g, '\\$&')}%`;
    return sql<SqlBool>`${sql.ref(`${table}.${column}`)} like ${pattern} ${sql.raw(PLANNED_BY_VALUE)}`;
  },

  async matchesAmong(db, index, _rows, part) {
    const pieces = part.includes('\0') ? [] : rarePieces(part, await sampleOf(db, index));
    if (pieces.length === 0 || pieces[0] === part) return search.matches(index, part);
    const found = sql.join(
      pieces.map((piece) => search.matches(index, piece)),
      sql` and `,
    );
    return sql<SqlBool>`(${found} and ${holds(sql.ref(`${index.table}.${index.column}`), part)})`;
  },
};

/** Milliseconds. The server takes a new sample when a tenth of a table has changed; it is the kind of texts that counts. */
const SAMPLE_GOOD_FOR = 600_000;
const samples = new WeakMap<object, LRUCache<string, Promise<readonly string[]>>>();

/** Texts of the column that the server has as a sample of all (pg_stats); empty where it has none yet. */
// biome-ignore lint/suspicious/noExplicitAny: it looks at the server's own tables.
function sampleOf(db: Kysely<any>, { table, column }: SearchIndex): Promise<readonly string[]> {
  const known = samples.get(db) ?? new LRUCache({ max: 100, ttl: SAMPLE_GOOD_FOR });
  samples.set(db, known);
  const name = `${table}.${column}`;
  const kept = known.get(name);
  if (kept) return kept;
  const sample = readSample(db, table, column).catch(() => {
    // What is searched for is found without it.
    known.delete(name);
    return [];
  });
  known.set(name, sample);
  return sample;
}

// biome-ignore lint/suspicious/noExplicitAny: as above.
async function readSample(db: Kysely<any>, table: string, column: string): Promise<readonly string[]> {
  const { rows } = await sql<{ text: string }>`select unnest(histogram_bounds::text::text[]) as text from pg_stats
    where (schemaname, tablename, attname) = (select nspname, relname, ${column}::name from pg_class
      join pg_namespace on pg_namespace.oid = relnamespace where pg_class.oid = to_regclass(quote_ident(${table})))
    and inherited in (select relkind = 'p' from pg_class where oid = to_regclass(quote_ident(${table})))`.execute(db);
  return rows.map(({ text }) => text);
}

/** Where the extension is, made where it is not there yet. Throws an error for the operator where it cannot be. */
// biome-ignore lint/suspicious/noExplicitAny: a migration works on whatever tables are there.
async function trigramSchema(db: Kysely<any>): Promise<string> {
  const found = await findExtension(db);
  if (found !== undefined) return found;
  try {
    await sql`create extension if not exists pg_trgm`.execute(db);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `DATABASE_URL: the database lacks the extension pg_trgm, and it could not be made (${reason}). ` +
        'Have an administrator run "CREATE EXTENSION pg_trgm" in this database (on Debian, the package ' +
        'postgresql-contrib or postgresql brings it), then start again.',
      { cause: error },
    );
  }
  return (await findExtension(db)) as string;
}

// biome-ignore lint/suspicious/noExplicitAny: a migration works on whatever tables are there.
async function findExtension(db: Kysely<any>): Promise<string | undefined> {
  const { rows } = await sql<{ schema: string }>`select nspname as schema from pg_extension
    join pg_namespace on pg_namespace.oid = extnamespace where extname = 'pg_trgm'`.execute(db);
  return rows[0]?.schema;
}
