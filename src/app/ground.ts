import { Closers } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import type { Config } from '../config.ts';
import type { Broker } from '../drivers/broker/port.ts';
import type { DatabaseServer } from '../drivers/database/port.ts';
import type { Mail } from '../drivers/mail/port.ts';
import type { ObjectStore } from '../drivers/objects/port.ts';
import { prepareDataDir } from './data-dir.ts';
import { type DataDirLock, lockDataDir } from './data-dir-lock.ts';
import { openBrokerOf, openDatabaseOf, openMailOf, openObjectsOf } from './drivers.ts';
import type { Driver } from './house.ts';
import { openSecrets, type Secrets } from './secrets.ts';

/** What the services stand on. A driver that was not asked for throws when it is used. */
export interface Ground {
  readonly lock: DataDirLock;
  readonly secrets: Secrets;
  readonly drivers: ReadonlySet<Driver>;
  readonly database: DatabaseServer;
  readonly objects: ObjectStore;
  readonly broker: Broker;
  readonly mail: Mail;
  close(): Promise<void>;
}

export interface GroundOptions {
  /** What holds the data directory, for whoever finds it locked. */
  readonly command: string;
  /** Where clients reach us, for URLs that are signed; known once the server listens. */
  readonly publicUrl: () => string;
  readonly log: Logger;
  /** Where it is absent, all but mail. */
  readonly drivers?: ReadonlySet<Driver>;
}

const USUAL: ReadonlySet<Driver> = new Set<Driver>(['database', 'objects', 'broker']);

/** Takes the data directory and opens the drivers. Throws `StartError`, with everything closed again. */
export async function openGround(
  config: Config,
  { command, publicUrl, log, drivers = USUAL }: GroundOptions,
): Promise<Ground> {
  const closers = new Closers();
  const close = () => closers.close((name, error) => log.error({ err: error }, `could not close the ${name}`));
  const opened = async <T extends { close(): Promise<void> }>(
    driver: Driver,
    open: () => Promise<T>,
  ): Promise<() => T> => {
    if (!drivers.has(driver)) {
      return () => {
        throw new Error(`No service of this process stands on the ${driver}.`);
      };
    }
    const made = await open();
    closers.add(driver, () => made.close());
    return () => made;
  };
  try {
    await prepareDataDir(config.dataDir);
    const lock = await lockDataDir(config.dataDir);
    closers.add('data directory', () => lock.release());
    await lock.tell({ pid: process.pid, command, startedAt: new Date().toISOString() });
    const secrets = await openSecrets(config.dataDir, config.jwtSecret);

    const database = await opened('database', () => openDatabaseOf(config, log));
    const objects = await opened('objects', () =>
      openObjectsOf(config, { publicUrl, signingKey: secrets.signedUrl }, log),
    );
    const broker = await opened('broker', () => openBrokerOf(config, log));
    const mail = await opened('mail', () => openMailOf(config, log));
    return {
      lock,
      secrets,
      drivers,
      get database() {
        return database();
      },
      get objects() {
        return objects();
      },
      get broker() {
        return broker();
      },
      get mail() {
        return mail();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
