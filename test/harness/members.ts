import { join } from 'node:path';
import type { Served } from '../../src/app/house.ts';
import { Certificates } from './certificates.ts';
import { freePort } from './engines/ports.ts';
import type { Environment } from './process.ts';

/** A process of an installation: what it serves, and its settings. */
export interface Member {
  /** None: all of them. */
  readonly services: readonly Served[];
  readonly env: Environment;
}

/** Whole servers, each with a data directory of its own. */
export const wholeServers = (dataDirs: readonly string[], common: Environment): Member[] =>
  dataDirs.map((dataDir) => ({ services: [], env: { ...common, PORT: '0', DATA_DIR: dataDir } }));

/** How many processes there are of each service: two, where they share work. */
const PROCESSES: Readonly<Record<Served, number>> = {
  gateway: 2,
  auth: 2,
  files: 2,
  storage: 2,
  ingest: 1,
  processor: 2,
  janitor: 1,
  notifier: 1,
};

/** Where services in this mesh are called: the setting, and the service. */
const CALLED = [
  ['AUTH_URL', 'auth'],
  ['FILES_URL', 'files'],
  ['STORAGE_SERVICE_URL', 'storage'],
] as const;

/** The back end of somebody else that a mesh lets in, by the name in its certificate. */
export const BACK_END = 'example';

export interface MeshOptions {
  /** For everything that the mesh keeps, with certificates. */
  readonly folder: string;
  /** Where everything is, and what else is set for all. */
  readonly common: Environment;
  /** Of each service that shares work; two where it is absent. */
  readonly processes?: 1 | 2;
  /** Stands between a service and whoever calls it; answers the port to call in its place. */
  readonly between?: (service: Served, port: number) => Promise<number>;
}

/** Each service in processes of its own, on loopback, with certificates made for it and for `BACK_END`. */
export async function meshOf({
  folder,
  common,
  processes = 2,
  between = async (_, port) => port,
}: MeshOptions): Promise<Member[]> {
  const certificates = new Certificates(join(folder, 'certs'));
  await certificates.make([BACK_END]);
  const gateway = await freePort();
  const members: { service: Served; env: Environment }[] = [];
  const ports = new Map<Served, number[]>();
  for (const [service, count] of Object.entries(PROCESSES) as [Served, number][]) {
    for (let number = 1; number <= Math.min(count, processes); number++) {
      const answers = CALLED.some(([, called]) => called === service);
      const port = answers ? await freePort() : 0;
      if (answers) ports.set(service, [...(ports.get(service) ?? []), await between(service, port)]);
      members.push({
        service,
        env: {
          DATA_DIR: join(folder, `${service}-${number}`),
          PORT: service === 'gateway' && number === 1 ? String(gateway) : '0',
          // Back ends confirm uploads there, and mails lead there.
          ...((service === 'files' || service === 'notifier') && { PUBLIC_URL: `http://127.0.0.1:${gateway}` }),
          ...(service === 'ingest' && { INGEST_SECRET: 'a secret of the webhook' }),
          GRPC_PORT: String(port),
          ...(service === 'files' && { GRPC_CLIENTS: BACK_END }),
          ...certificates.of(service),
        },
      });
    }
  }
  const urls = Object.fromEntries(
    CALLED.map(([setting, service]) => [
      setting,
      (ports.get(service) ?? []).map((port) => `127.0.0.1:${port}`).join(','),
    ]),
  );
  return members.map(({ service, env }) => ({ services: [service], env: { ...common, ...urls, ...env } }));
}
