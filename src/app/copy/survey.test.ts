import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../../drivers/database/index.ts';
import type { DatabaseServer } from '../../drivers/database/port.ts';
import { runMigrations } from '../migrations.ts';
import { readInstallationId, refuseLater } from './survey.ts';
import type { AnyTables } from './tables.ts';

let dataDir: string;
let database: DatabaseServer;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdfast-survey-'));
  database = await openDatabase('sqlite:', { dataDir, log: pino({ level: 'silent' }) });
});
afterEach(async () => {
  await database.close();
  await rm(dataDir, { recursive: true });
});

const insert = (table: string, row: object) =>
  database.view<AnyTables>().unit((tx) => tx.insertInto(table).values(row).execute());

test('an installation is known by its id, where it is of this version', async () => {
  await expect(readInstallationId(database)).rejects.toThrow(/^--from: no server has kept anything/);
  await refuseLater(database, '--to');
  await database.view().migrate('files', [{ name: '0001_files', up: async () => {} }]);
  await expect(readInstallationId(database)).rejects.toThrow(/^--from: its tables are of an earlier version/);
  await database.view<AnyTables>().unit((tx) => tx.deleteFrom('files_migrations').execute());
  await runMigrations(database);
  await insert('files_installation', { id: 'one', created_at: 1 });
  expect(await readInstallationId(database)).toBe('one');
  await insert('files_migrations', { name: '9999_later', applied_at: 1 });
  await expect(readInstallationId(database)).rejects.toThrow(/^--from: .* of a later version .*files\/9999_later/);
  await expect(refuseLater(database, '--to')).rejects.toThrow(/^--to: .* of a later version/);
});
