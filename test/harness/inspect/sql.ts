import { DatabaseSync } from 'node:sqlite';
import { createConnection } from 'mysql2/promise';
import { Client, types } from 'pg';

export type Value = string | number | null;
export type Row = Readonly<Record<string, unknown>>;

/** A connection of our own to the database of a stack. */
export interface Connection {
  /** With `?` for each value. Numbers come as numbers, however large the type of their column is. */
  run(sql: string, values?: readonly Value[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** Opens a database by a URL that is DATABASE_URL with all that it says; of SQLite it says the file. */
export function connect(url: string): Promise<Connection> {
  if (url.startsWith('sqlite:')) return openSqlite(url.slice('sqlite:'.length));
  return /^postgres/.test(url) ? openPostgres(url) : openMysql(url);
}

async function openSqlite(file: string): Promise<Connection> {
  // A server may be writing.
  const database = new DatabaseSync(file, { timeout: 60_000 });
  return {
    run: async (sql, values = []) => database.prepare(sql).all(...values) as Row[],
    close: async () => database.close(),
  };
}

const INT8 = 20;
const NUMERIC = 1700;

async function openPostgres(url: string): Promise<Connection> {
  const getTypeParser = ((type: number, format?: 'text') =>
    type === INT8 || type === NUMERIC ? Number : types.getTypeParser(type, format)) as typeof types.getTypeParser;
  const client = new Client({ connectionString: url, types: { getTypeParser } });
  await client.connect();
  return {
    async run(sql, values = []) {
      let count = 0;
      return (
        await client.query(
          sql.replace(/\?/g, () => `$${++count}`),
          [...values],
        )
      ).rows;
    },
    close: () => client.end(),
  };
}

async function openMysql(url: string): Promise<Connection> {
  const connection = await createConnection({ uri: url, decimalNumbers: true });
  return {
    async run(sql, values = []) {
      const [rows] = await connection.query(sql, [...values]);
      return Array.isArray(rows) ? (rows as Row[]).map(asText) : [];
    },
    close: () => connection.end(),
  };
}

/** Columns that compare by bytes come as bytes. */
const asText = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Buffer.isBuffer(value) ? `${value}` : value]));
