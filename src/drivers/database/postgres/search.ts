import { type Expression, type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { TextSearch } from '../port.ts';
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

  matchesAmong: async (_db, index, _rows, part) => search.matches(index, part),
};

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
