import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../../drivers/database/index.ts';
import type { DatabaseServer } from '../../drivers/database/port.ts';
import { runMigrations } from '../migrations.ts';
import { type AnyTables, COPIED_TABLES, STAYING_TABLES } from './tables.ts';

let dataDir: string;
let server: DatabaseServer;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdfast-tables-'));
  server = await openDatabase('sqlite:', { dataDir, log: pino({ level: 'silent' }) });
  await runMigrations(server);
});
afterEach(async () => {
  await server.close();
  await rm(dataDir, { recursive: true });
});

async function ask<Row>(query: ReturnType<typeof sql<Row>>): Promise<Row[]> {
  return (await query.execute(server.view<AnyTables>().reader)).rows;
}

/** What the database keeps for itself, what a copy does, and what notes the migrations. */
const NOT_A_SERVICE = /^(sqlite_|copy_)|_search($|_)|_migrations$/;

test('every table that a migration makes is said to move or to stay', async () => {
  const tables = await ask(sql<{ name: string }>`select name from sqlite_schema where type = 'table'`);
  const ofServices = tables.map(({ name }) => name).filter((name) => !NOT_A_SERVICE.test(name));
  expect([...COPIED_TABLES.map(({ name }) => name), ...STAYING_TABLES].toSorted()).toEqual(ofServices.toSorted());
});

test.each(COPIED_TABLES)('every column of $name is copied, by a key that tells its rows apart', async (table) => {
  const columns = await ask(sql<{ name: string }>`select name from pragma_table_info(${table.name})`);
  // What SQLite numbers the rows by is its own.
  const declared = columns.map(({ name }) => name).filter((name) => name !== 'row_number');
  expect(table.columns.toSorted()).toEqual(declared.toSorted());
  const indexes = await ask(
    sql<{ columns: string }>`select (select group_concat(name) from (select name from pragma_index_info(list.name)
      order by seqno)) as columns from pragma_index_list(${table.name}) as list where "unique" = 1 and partial = 0`,
  );
  expect(indexes.map((index) => index.columns)).toContain(table.key.join(','));
});
