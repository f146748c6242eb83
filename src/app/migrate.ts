import type { Logger } from '../base/logger.ts';
import type { Config } from '../config.ts';
import { openDatabase } from '../drivers/database/index.ts';
import { holdsData, prepareDataDir } from './data-dir.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { type MigrationStatus, migrationStates, type RanMigration, runMigrations } from './migrations.ts';
import { StartError } from './start-error.ts';

/** Runs what is due. Throws `StartError` where a server has the data directory: it migrated when it started. */
export async function migrateDatabase(config: Config, log: Logger): Promise<RanMigration[]> {
  await prepareDataDir(config.dataDir);
  const lock = await lockDataDir(config.dataDir);
  try {
    await lock.tell({ pid: process.pid, command: 'migrate', startedAt: new Date().toISOString() });
    const database = await openDatabase(config.databaseUrl, { dataDir: config.dataDir, log });
    try {
      return await runMigrations(database);
    } finally {
      await database.close();
    }
  } finally {
    lock.release();
  }
}

/** What has run and what is due, beside a running server too. Makes nothing. */
export async function migrationStatus(config: Config, log: Logger): Promise<MigrationStatus[]> {
  if (!(await holdsData(config.dataDir))) {
    throw new StartError(
      `DATA_DIR: there is nothing in ${config.dataDir} yet. "holdfast migrate" or "holdfast serve" begins it.`,
    );
  }
  const database = await openDatabase(config.databaseUrl, { dataDir: config.dataDir, log });
  try {
    return await migrationStates(database);
  } finally {
    await database.close();
  }
}
