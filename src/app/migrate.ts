import type { Logger } from '../base/logger.ts';
import { type Config, isEmbedded } from '../config.ts';
import type { DatabaseServer } from '../drivers/database/port.ts';
import { holdsData, prepareDataDir } from './data-dir.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { openDatabaseOf } from './drivers.ts';
import { type MigrationStatus, migrationStates, type RanMigration, runMigrations } from './migrations.ts';
import { StartError } from './start-error.ts';

/** Runs what is due. Throws `StartError` where a server has the embedded database: it migrated when it started. */
export async function migrateDatabase(config: Config, log: Logger): Promise<RanMigration[]> {
  if (!isEmbedded(config)) return onDatabase(config, log, runMigrations);
  await prepareDataDir(config.dataDir);
  const lock = await lockDataDir(config.dataDir);
  try {
    await lock.tell({ pid: process.pid, command: 'migrate', startedAt: new Date().toISOString() });
    return await onDatabase(config, log, runMigrations);
  } finally {
    lock.release();
  }
}

/** What has run and what is due, beside a running server too. Makes nothing. */
export async function migrationStatus(config: Config, log: Logger): Promise<MigrationStatus[]> {
  if (isEmbedded(config) && !(await holdsData(config.dataDir))) {
    throw new StartError(
      `DATA_DIR: there is nothing in ${config.dataDir} yet. "holdfast migrate" or "holdfast serve" begins it.`,
    );
  }
  return onDatabase(config, log, migrationStates);
}

async function onDatabase<R>(config: Config, log: Logger, work: (database: DatabaseServer) => Promise<R>): Promise<R> {
  const database = await openDatabaseOf(config, log);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}
