import type { Address } from '../base/address.ts';
import { type Config, ConfigError, hasIngest, isEmbedded } from '../config.ts';
import { ALL_SERVICES, type Called, type Driver, HOUSE, type Served } from './house.ts';

/** What one process does, and what it needs for that. */
export interface Plan {
  readonly services: ReadonlySet<Served>;
  /** Not all services are in this process. */
  readonly apart: boolean;
  readonly drivers: ReadonlySet<Driver>;
  /** Services that are called and run elsewhere: all of their instances. */
  readonly elsewhere: ReadonlyMap<Called, readonly Address[]>;
}

/** The setting that says where a service runs. */
export const URL_SETTINGS: Readonly<Record<Called, { readonly key: keyof Config; readonly name: string }>> = {
  auth: { key: 'authUrl', name: 'AUTH_URL' },
  files: { key: 'filesUrl', name: 'FILES_URL' },
  storage: { key: 'storageServiceUrl', name: 'STORAGE_SERVICE_URL' },
};

/** Throws `ConfigError` with everything that stands against it. */
export function planFor(config: Config, served: readonly Served[]): Plan {
  const services = new Set(served);
  const apart = ALL_SERVICES.some((name) => !services.has(name));
  const drivers = new Set(served.flatMap((name): readonly Driver[] => HOUSE[name].standsOn));
  const called = new Set(served.flatMap((name): readonly Called[] => HOUSE[name].calls));
  if (auditsBackEnds(services, config)) called.add('auth');
  const remote = [...called].filter((name) => !services.has(name));

  const problems = apart ? problemsApart(config, services, drivers) : [];
  if (apart && services.has('ingest') && !hasIngest(config)) {
    problems.push(
      'INGEST_URL or INGEST_SECRET: set where the ingest service hears the object store; see docs/uploads.md.',
    );
  }
  const elsewhere = new Map<Called, readonly Address[]>();
  for (const name of remote) {
    const { key, name: setting } = URL_SETTINGS[name];
    const addresses = config[key] as readonly Address[] | undefined;
    if (addresses) elsewhere.set(name, addresses);
    else problems.push(`${setting}: the ${name} service does not run here; set it to where it does, or serve it too.`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return { services, apart, drivers, elsewhere };
}

/** Whether files writes to the audit trail, which auth keeps: what other back ends do. */
export const auditsBackEnds = (services: ReadonlySet<Served>, { grpcClients }: Config): boolean =>
  services.has('files') && grpcClients.length > 0;

/** What the embedded default does within one process only. */
function problemsApart(config: Config, services: ReadonlySet<Served>, drivers: ReadonlySet<Driver>): string[] {
  const problems: string[] = [];
  if (drivers.has('database') && isEmbedded(config)) {
    problems.push(
      'DATABASE_URL: SQLite is for one process with all services. Set it to postgres://… or mysql://… to run them apart.',
    );
  }
  if (drivers.has('broker') && config.brokerUrl.startsWith('local:')) {
    problems.push(
      'BROKER_URL: local: reaches one process only. Set it to redis://…, nats://… or amqp://… to run services apart.',
    );
  }
  if (drivers.has('objects') && config.storageUrl === 'file:') {
    problems.push(
      'STORAGE_URL: file: is a folder in the DATA_DIR of this process. Set it to s3://…, or to a folder that all ' +
        'processes reach, such as file:///srv/objects, to run services apart.',
    );
  }
  if (services.has('storage') && !services.has('gateway') && isOnDisk(config) && config.publicUrl === undefined) {
    problems.push(
      'PUBLIC_URL: the storage service signs URLs of the gateway, so it has to know where clients reach it.',
    );
  }
  if (services.has('notifier') && !services.has('gateway') && config.publicUrl === undefined) {
    problems.push(
      'PUBLIC_URL: the notifier writes links into mails, so it has to know where people reach the gateway.',
    );
  }
  if (config.jwtSecret === undefined) {
    problems.push('JWT_SECRET: services that run apart need the same. Make one with "openssl rand -hex 32".');
  }
  if (config.tlsCert === undefined) {
    problems.push(
      'TLS_CA, TLS_CERT and TLS_KEY: services that run apart call each other over mutual TLS. ' +
        '"holdfast certs init" makes what is needed.',
    );
  }
  return problems;
}

const isOnDisk = ({ storageUrl }: Config): boolean => storageUrl.startsWith('file:');
