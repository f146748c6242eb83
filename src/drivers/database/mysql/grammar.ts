import { MysqlAdapter, MysqlIntrospector } from 'kysely';
import { kyselyOver } from '../kysely-over.ts';
import { QueryCompiler } from './query-compiler.ts';

/** Kysely that writes for MySQL and MariaDB. */
export const mysqlOver = kyselyOver({
  compiler: new QueryCompiler(),
  adapter: new MysqlAdapter(),
  introspector: (db) => new MysqlIntrospector(db),
});
