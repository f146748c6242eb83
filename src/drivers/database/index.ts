import { type ByScheme, bySchemeOf } from '../../base/by-scheme.ts';
import type { DatabaseOptions, DatabaseServer, OpenDatabase } from './port.ts';

/** By scheme of the URL. A driver's code is loaded when it is the one chosen. */
const DRIVERS: ByScheme<OpenDatabase> = {
  sqlite: async () => (await import('./sqlite/index.ts')).openSqlite,
  postgres: async () => (await import('./postgres/index.ts')).openPostgres,
  postgresql: async () => (await import('./postgres/index.ts')).openPostgres,
  mysql: async () => (await import('./mysql/index.ts')).openMysql,
  mariadb: async () => (await import('./mysql/index.ts')).openMysql,
};

/** Opens the database that a URL names. Throws where no driver knows the scheme, or the driver cannot open it. */
export async function openDatabase(url: string, options: DatabaseOptions): Promise<DatabaseServer> {
  const open = await bySchemeOf(DRIVERS, url, 'DATABASE_URL');
  return open(url, options);
}
