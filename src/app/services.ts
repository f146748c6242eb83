import { join } from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { Probe } from '../base/probe.ts';
import type { Config } from '../config.ts';
import { AuditServiceDefinition } from '../contract/holdfast/internal/v1/account.ts';
import { StorageServiceDefinition } from '../contract/holdfast/v1/storage.ts';
import type { Answers } from '../rpc/contracts.ts';
import { calledBy } from '../rpc/in-process.ts';
import { createAuthService } from '../services/auth/index.ts';
import type { ProcessingCatalog } from '../services/files/catalog.ts';
import { createFileAdmin, createFilesService } from '../services/files/index.ts';
import type { GatewayDeps } from '../services/gateway/deps.ts';
import { createJanitor } from '../services/janitor/index.ts';
import { createNotifier } from '../services/notifier/index.ts';
import { createProcessor, type ProcessorSettings } from '../services/processor/index.ts';
import { createStorageService } from '../services/storage/index.ts';
import { named } from './drivers.ts';
import type { Ground } from './ground.ts';
import type { Driver } from './house.ts';
import { issuersOf, providersOf } from './sign-in.ts';
import { openSigningKeys } from './signing-keys.ts';
import { version } from './version.ts';

/** One function for each service: what it stands on, and whom it calls. */

type Storage = Answers<'storage'>;
type Files = Answers<'files'>;
type Auth = Answers<'auth'>;

/** How long a claim of jobs holds without being extended: so long a job of a server that was killed waits. */
const JOB_LEASE = 30_000;

export const storageOn = ({ objects }: Ground, log: Logger): Storage => ({
  storage: createStorageService({ objects, log: named(log, 'storage') }),
});

export const authOn = async ({ database, broker, secrets }: Ground, config: Config, log: Logger) =>
  createAuthService({
    db: database.view(),
    broker,
    signingKeys: await openSigningKeys(config, secrets),
    refreshKey: secrets.refreshToken,
    signup: config.signup,
    emailVerification: config.emailVerification,
    issuers: issuersOf(config),
    providers: providersOf(config),
    signInKey: secrets.signIn,
    auditRetention: config.auditRetention,
    log: named(log, 'auth'),
  });

export const filesOn = (
  { database, broker, secrets }: Ground,
  {
    storage,
    audit,
    catalog,
    publicUrl,
  }: {
    readonly storage: Storage;
    readonly audit?: Auth['audit'] | undefined;
    readonly catalog: ProcessingCatalog;
    readonly publicUrl?: () => string | undefined;
  },
  config: Config,
  log: Logger,
) =>
  createFilesService({
    db: database.view(),
    // As between processes: files asks on its own behalf, whoever asked it.
    storage: calledBy('files', StorageServiceDefinition, storage.storage),
    audit: audit && calledBy('files', AuditServiceDefinition, audit),
    broker,
    catalog,
    settings: { ...config, jobLease: JOB_LEASE },
    confirmKey: secrets.confirmUrl,
    ...(publicUrl && { publicUrl }),
    log: named(log, 'files'),
  });

/** What admins do with files alone: it needs no store. */
export const fileAdminOn = ({ database, broker }: Ground, config: Config, log: Logger): Files['admin'] =>
  createFileAdmin({
    db: database.view(),
    broker,
    settings: { ...config, jobLease: JOB_LEASE },
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
  {
    auth: { maintenance: accounts },
    storage: { storage },
    files: { maintenance },
  }: { readonly auth: Pick<Auth, 'maintenance'>; readonly storage: Storage; readonly files: Files },
  { cleanupInterval, uploadExpiry }: Config,
  log: Logger,
) =>
  createJanitor({
    maintenance,
    accounts,
    storage,
    broker,
    settings: { interval: cleanupInterval, uploadExpiry },
    log: named(log, 'janitor'),
  });

export const notifierOn = (
  { database, broker, mail }: Ground,
  {
    auth,
    files,
    publicUrl,
  }: {
    readonly auth: Pick<Auth, 'events' | 'mail'>;
    readonly files: Pick<Files, 'events'>;
    /** Undefined while it is not known. */
    readonly publicUrl: () => string | undefined;
  },
  { emailVerificationUrl, passwordResetUrl }: Config,
  log: Logger,
) =>
  createNotifier({
    db: database.view(),
    broker,
    mail,
    accounts: auth,
    files,
    settings: {
      publicUrl() {
        const url = publicUrl();
        if (url === undefined) throw new HoldfastError('unavailable', 'Where the server is reached is not known yet.');
        return url;
      },
      emailVerificationUrl,
      passwordResetUrl,
    },
    log: named(log, 'notifier'),
  });

/** What /readyz asks of the drivers. That mails wait while their server is away keeps nobody from anything else. */
export function probesOf(ground: Ground): Readonly<Record<string, Probe>> {
  const probes: Readonly<Record<Exclude<Driver, 'mail'>, Probe>> = {
    database: (signal) => ground.database.view().probe(signal),
    objects: (signal) => ground.objects.probe(signal),
    broker: (signal) => ground.broker.probe(signal),
  };
  return Object.fromEntries(
    [...ground.drivers].flatMap((driver) => (driver === 'mail' ? [] : [[driver, probes[driver]]])),
  );
}

export const gatewayDepsOn = (
  ground: Ground,
  { auth, files }: { readonly auth: Auth; readonly files: Files },
  probes: GatewayDeps['probes'],
  config: Config,
  log: Logger,
): GatewayDeps => ({
  auth: auth.auth,
  admin: auth.admin,
  audit: auth.audit,
  rateLimits: auth.rateLimits,
  files: files.files,
  fileAdmin: files.admin,
  uploads: files.uploads,
  objects: ground.objects,
  probes,
  settings: { ...config, rateLimits: rateLimitsOf(config), version },
  log: named(log, 'gateway'),
});

const rateLimitsOf = (config: Config): GatewayDeps['settings']['rateLimits'] => ({
  reads: config.rateLimitReads,
  writes: config.rateLimitWrites,
  anonymous: config.rateLimitAnonymous,
  signIn: config.rateLimitSignIn,
});
