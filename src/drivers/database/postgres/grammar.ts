import { PostgresAdapter, PostgresIntrospector } from 'kysely';
import { kyselyOver } from '../kysely-over.ts';
import { QueryCompiler } from './query-compiler.ts';

/** Kysely that writes for PostgreSQL. */
export const postgresOver = kyselyOver({
  compiler: new QueryCompiler(),
  adapter: new PostgresAdapter(),
  introspector: (db) => new PostgresIntrospector(db),
});
