import type { Logger } from '../base/logger.ts';
import { type Config, isEmbedded } from '../config.ts';
import type { DatabaseServer } from '../drivers/database/port.ts';
import type { SweepOptions, SweepReport } from '../services/janitor/index.ts';
import { openCatalog } from './catalog.ts';
import { controlClient } from './control/client.ts';
import { checkCopy } from './copy/at-start.ts';
import { holdsData } from './data-dir.ts';
import { DataDirLocked } from './data-dir-lock.ts';
import { openGround } from './ground.ts';
import { checkInstallation, readInstallation } from './installation.ts';
import { migrationStates, runMigrations } from './migrations.ts';
import { authOn, filesOn, janitorOn, storageOn } from './services.ts';
import { StartError } from './start-error.ts';

export type { SweepReport, Tally } from '../services/janitor/index.ts';

/** Sweeps: through the server that has the data directory, or, where none runs there, by itself. */
export async function sweepDataDir(
  config: Config,
  { log, ...options }: Required<SweepOptions> & { readonly log: Logger },
): Promise<SweepReport> {
  if (isEmbedded(config) && !(await holdsData(config.dataDir))) {
    throw new StartError(
      `DATA_DIR: no server has kept anything in ${config.dataDir}. Set DATA_DIR to the folder of yours.`,
    );
  }
  const ground = await openGround(config, { command: 'sweep', publicUrl: signsNothing, log }).catch((error) => {
    if (error instanceof DataDirLocked && error.holder?.control !== undefined) return error.holder.control;
    throw error;
  });
  if (typeof ground === 'string') {
    const { dryRun, allOrphans, signal } = options;
    return controlClient(ground).sweep({ dryRun, allOrphans }, signal);
  }
  try {
    if (options.dryRun) await refuseOlder(ground.database);
    else await runMigrations(ground.database);
    await checkCopy(ground.database, log);
    const storage = storageOn(ground, log);
    const catalog = await openCatalog(config);
    const files = filesOn(ground, { storage, catalog }, config, log);
    await checkInstallation(await readInstallation(files, ['janitor'], log), ground.objects);
    return await janitorOn(ground, { auth: await authOn(ground, config, log), storage, files }, config, log).sweep(
      options,
    );
  } finally {
    await ground.close();
  }
}

/** To migrate is a change too, and of more than a sweep. */
async function refuseOlder(database: DatabaseServer): Promise<void> {
  const due = (await migrationStates(database)).filter(({ appliedAt }) => appliedAt === undefined).length;
  if (due === 0) return;
  throw new StartError(
    `The database's tables are not up to date (${due} migrations are due), and a dry run changes nothing. ` +
      'Run "holdfast migrate" first.',
  );
}

const signsNothing = () => {
  throw new Error('A sweep signs no URL.');
};
