import { SqliteAdapter, SqliteIntrospector } from 'kysely';
import { kyselyOver } from '../kysely-over.ts';
import { QueryCompiler } from './query-compiler.ts';

/** Kysely that writes for SQLite. */
export const sqliteOver = kyselyOver({
  compiler: new QueryCompiler(),
  adapter: new SqliteAdapter(),
  introspector: (db) => new SqliteIntrospector(db),
});
