import type { Logger } from '../base/logger.ts';
import type { Config } from '../config.ts';
import { openBroker } from '../drivers/broker/index.ts';
import type { Broker } from '../drivers/broker/port.ts';
import { openDatabase } from '../drivers/database/index.ts';
import type { DatabaseServer } from '../drivers/database/port.ts';
import { openMail } from '../drivers/mail/index.ts';
import type { Mail } from '../drivers/mail/port.ts';
import { openObjects } from '../drivers/objects/index.ts';
import type { ObjectStoreOptions } from '../drivers/objects/options.ts';
import type { ObjectStore } from '../drivers/objects/port.ts';
import { StartError } from './start-error.ts';

type DatabasePlace = Pick<Config, 'databaseUrl' | 'databaseReplicaUrl' | 'dataDir'>;
/** Who we are to a store whose URL does not say it. */
export type StoreAccount = Pick<Config, 'minioAccessKey' | 'minioSecretKey'>;
type StorePlace = Pick<Config, 'storageUrl' | 'dataDir'> & StoreAccount;

/** Each driver as the settings ask for it. What one says when it cannot be opened is for the operator: a `StartError`. */

export const openDatabaseOf = (config: DatabasePlace, log: Logger): Promise<DatabaseServer> =>
  opened(
    openDatabase(config.databaseUrl, {
      dataDir: config.dataDir,
      replicaUrl: config.databaseReplicaUrl,
      log: named(log, 'database'),
    }),
  );

export const openObjectsOf = (
  config: StorePlace,
  signing: Pick<ObjectStoreOptions, 'publicUrl' | 'signingKey'>,
  log: Logger,
): Promise<ObjectStore> =>
  opened(
    openObjects(config.storageUrl, {
      dataDir: config.dataDir,
      ...signing,
      ...credentialsIn(config),
      log: named(log, 'objects'),
    }),
  );

export const openBrokerOf = (config: Config, log: Logger): Promise<Broker> =>
  opened(openBroker(config.brokerUrl, { log: named(log, 'broker') }));

/** Whom mails are from that are brought to nobody. */
const NOBODY = { name: 'Holdfast', address: 'holdfast@localhost' };

export const openMailOf = (
  { smtpUrl = 'file:', mailFrom: from = NOBODY, dataDir }: Pick<Config, 'smtpUrl' | 'mailFrom' | 'dataDir'>,
  log: Logger,
): Promise<Mail> => opened(openMail(smtpUrl, { from, dataDir, log: named(log, 'mail') }));

const credentialsIn = ({ minioAccessKey: accessKeyId, minioSecretKey: secretAccessKey }: StoreAccount) =>
  accessKeyId !== undefined && secretAccessKey !== undefined && { credentials: { accessKeyId, secretAccessKey } };

async function opened<T>(driver: Promise<T>): Promise<T> {
  return driver.catch((error) => {
    throw new StartError((error as Error).message, error);
  });
}

/** A part's own log. */
export const named = (log: Logger, service: string): Logger => log.child({ service });
