import type { DatabaseOptions, DatabaseServer, OpenDatabase } from './port.ts';

/** By scheme of the URL. A driver's code is loaded when it is the one chosen. */
const DRIVERS: Readonly<Record<string, () => Promise<OpenDatabase>>> = {
  sqlite: async () => (await import('./sqlite/index.ts')).openSqlite,
};

/** Opens the database that a URL names. Throws where no driver knows the scheme, or the driver cannot open it. */
export async function openDatabase(url: string, options: DatabaseOptions): Promise<DatabaseServer> {
  const scheme = /^([a-z][a-z0-9+.-]*):/.exec(url)?.[1] ?? '';
  const load = Object.hasOwn(DRIVERS, scheme) ? DRIVERS[scheme] : undefined;
  if (!load) {
    const known = Object.keys(DRIVERS).map((name) => `${name}:`);
    throw new Error(`DATABASE_URL: there is no database driver for "${scheme}:"; known are ${known.join(', ')}.`);
  }
  const open = await load();
  return open(url, options);
}
