import { Closers } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import type { Config } from '../config.ts';
import type { Broker } from '../drivers/broker/port.ts';
import type { DatabaseServer } from '../drivers/database/port.ts';
import type { ObjectStore } from '../drivers/objects/port.ts';
import { prepareDataDir } from './data-dir.ts';
import { type DataDirLock, lockDataDir } from './data-dir-lock.ts';
import { openBrokerOf, openDatabaseOf, openObjectsOf } from './drivers.ts';
import { openSecrets, type Secrets } from './secrets.ts';

/** What the services stand on. */
export interface Ground {
  readonly lock: DataDirLock;
  readonly secrets: Secrets;
  readonly database: DatabaseServer;
  readonly objects: ObjectStore;
  readonly broker: Broker;
  close(): Promise<void>;
}

export interface GroundOptions {
  /** What holds the data directory, for whoever finds it locked. */
  readonly command: string;
  /** Where clients reach us, for URLs that are signed; known once the server listens. */
  readonly publicUrl: () => string;
  readonly log: Logger;
}

/** Takes the data directory and opens every driver in it. Throws `StartError`, with everything closed again. */
export async function openGround(config: Config, { command, publicUrl, log }: GroundOptions): Promise<Ground> {
  const closers = new Closers();
  const close = () => closers.close((name, error) => log.error({ err: error }, `could not close the ${name}`));
  try {
    await prepareDataDir(config.dataDir);
    const lock = await lockDataDir(config.dataDir);
    closers.add('data directory', () => lock.release());
    await lock.tell({ pid: process.pid, command, startedAt: new Date().toISOString() });
    const secrets = await openSecrets(config.dataDir, config.jwtSecret);

    const database = await openDatabaseOf(config, log);
    closers.add('database', () => database.close());
    const objects = await openObjectsOf(config, { publicUrl, signingKey: secrets.signedUrl }, log);
    closers.add('object store', () => objects.close());
    const broker = await openBrokerOf(config, log);
    closers.add('broker', () => broker.close());
    return { lock, secrets, database, objects, broker, close };
  } catch (error) {
    await close();
    throw error;
  }
}
