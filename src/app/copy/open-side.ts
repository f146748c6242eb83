import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { Closers } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import type { DatabaseServer } from '../../drivers/database/port.ts';
import type { ObjectStore } from '../../drivers/objects/port.ts';
import { prepareDataDir } from '../data-dir.ts';
import { lockDataDir } from '../data-dir-lock.ts';
import { openDatabaseOf, openObjectsOf, type StoreAccount } from '../drivers.ts';
import { StartError } from '../start-error.ts';
import { type Side, sqliteFile, storeFolder } from './side.ts';

export interface OpenSide {
  readonly database: DatabaseServer;
  readonly objects: ObjectStore;
  close(): Promise<void>;
}

interface Options {
  readonly account: StoreAccount;
  readonly log: Logger;
}

/** Opens what is there, beside servers that have it, and makes nothing. */
export async function openSource(side: Side, options: Options): Promise<OpenSide> {
  if (!(await isThere(side))) {
    throw new StartError(
      '--from: there is no installation. Name the data directory, or the URLs, of a server of yours.',
    );
  }
  return open(side, options);
}

/** Opens an installation to be, and makes what of it is not there. No server has it meanwhile, and none of it is another's. */
export async function openTarget(side: Side, options: Options): Promise<OpenSide> {
  const { dataDir } = side;
  if (dataDir === undefined) return open(side, options);
  await prepareDataDir(dataDir);
  const lock = await lockDataDir(dataDir);
  await lock.tell({ pid: process.pid, command: 'copy', startedAt: new Date().toISOString() });
  try {
    return await open(side, options, () => lock.release());
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Whether all of it that would be a file or a folder here is there. */
export async function isThere({ databaseUrl, storageUrl }: Side): Promise<boolean> {
  for (const path of [sqliteFile(databaseUrl), storeFolder(storageUrl)]) {
    if (path !== undefined && !(await stat(path).catch(() => undefined))) return false;
  }
  return true;
}

async function open(
  { databaseUrl, storageUrl, dataDir }: Side,
  options: Options,
  last?: () => void,
): Promise<OpenSide> {
  const { account, log } = options;
  const closers = new Closers();
  const close = () => closers.close((name, error) => log.warn({ err: error }, `could not close the ${name}`));
  const place = { databaseUrl, storageUrl, dataDir: dataDir ?? '.', databaseReplicaUrl: undefined, ...account };
  try {
    const database = await openDatabaseOf(place, log);
    closers.add('database', () => database.close());
    const objects = await openObjectsOf(place, { publicUrl: signsNothing, signingKey: randomBytes(32) }, log);
    closers.add('object store', () => objects.close());
    return {
      database,
      objects,
      async close() {
        await close();
        last?.();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const signsNothing = () => {
  throw new Error('A copy signs no URL.');
};
