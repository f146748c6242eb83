import { join } from 'node:path';
import type { Logger } from '../base/logger.ts';
import type { Config } from '../config.ts';
import { createAuthService } from '../services/auth/index.ts';
import type { ProcessingCatalog } from '../services/files/catalog.ts';
import { createFilesService } from '../services/files/index.ts';
import type { GatewayDeps } from '../services/gateway/deps.ts';
import { createJanitor } from '../services/janitor/index.ts';
import { createProcessor, type ProcessorSettings } from '../services/processor/index.ts';
import { createStorageService } from '../services/storage/index.ts';
import { named } from './drivers.ts';
import type { Ground } from './ground.ts';
import { version } from './version.ts';

/** One function for each service: what it stands on, and whom it calls. */

export type Storage = ReturnType<typeof storageOn>;
export type Files = ReturnType<typeof filesOn>;
export type Auth = ReturnType<typeof authOn>;

/** How long a claim of jobs holds without being extended: so long a job of a server that was killed waits. */
const JOB_LEASE = 30_000;

export const storageOn = ({ objects }: Ground, log: Logger) =>
  createStorageService({ objects, log: named(log, 'storage') });

export const authOn = ({ database, secrets }: Ground, { signup }: Config, log: Logger) =>
  createAuthService({
    db: database.view(),
    signingKey: secrets.jwt,
    signup,
    log: named(log, 'auth'),
  });

export const filesOn = (
  { database, broker, secrets }: Ground,
  { storage, catalog }: { readonly storage: Storage; readonly catalog: ProcessingCatalog },
  config: Config,
  log: Logger,
) =>
  createFilesService({
    db: database.view(),
    storage,
    broker,
    catalog,
    settings: { ...config, jobLease: JOB_LEASE },
    confirmKey: secrets.confirmUrl,
    log: named(log, 'files'),
  });

export const processorOn = (
  { objects, broker }: Ground,
  { files: { work } }: { readonly files: Files },
  config: Config,
  log: Logger,
) =>
  createProcessor({
    work,
    objects,
    broker,
    settings: processorSettings(config, join(config.dataDir, 'scratch')),
    log: named(log, 'processor'),
  });

export const processorSettings = (
  { workerConcurrency, jobTimeout, jobMemory, maxPixels }: Config,
  scratchDir: string,
): ProcessorSettings => ({ concurrency: workerConcurrency, jobTimeout, jobMemory, maxPixels, scratchDir });

export const janitorOn = (
  { broker }: Ground,
  { storage, files: { maintenance } }: { readonly storage: Storage; readonly files: Files },
  { cleanupInterval, uploadExpiry }: Config,
  log: Logger,
) =>
  createJanitor({
    maintenance,
    storage,
    broker,
    settings: { interval: cleanupInterval, uploadExpiry },
    log: named(log, 'janitor'),
  });

/** What /readyz asks. */
export const probesOf = ({ database, objects, broker }: Ground): GatewayDeps['probes'] => {
  const view = database.view();
  return {
    database: (signal) => view.probe(signal),
    storage: (signal) => objects.probe(signal),
    broker: (signal) => broker.probe(signal),
  };
};

export const gatewayDepsOn = (
  ground: Ground,
  { auth, files }: { readonly auth: Auth; readonly files: Files },
  config: Config,
  log: Logger,
): GatewayDeps => ({
  auth,
  files: files.files,
  uploads: files.uploads,
  objects: ground.objects,
  probes: probesOf(ground),
  settings: { ...config, version },
  log: named(log, 'gateway'),
});
