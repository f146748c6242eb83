import type { Logger } from '../base/logger.ts';
import { tryAddress } from '../base/try-address.ts';
import { type Config, ConfigError } from '../config.ts';
import { accessWith } from '../rpc/access.ts';
import type { Service, ServiceDefinition } from '../rpc/contract.ts';
import { type Answers, CONTRACTS } from '../rpc/contracts.ts';
import type { Answered, RpcServer } from '../rpc/server/index.ts';
import { type Certificates, openCertificates } from '../rpc/tls/certificates.ts';
import { CertificateError } from '../rpc/tls/credentials.ts';
import type { Called } from './house.ts';
import type { Plan } from './plan.ts';
import { reasonOf, StartError } from './start-error.ts';

const ANSWERING = Object.keys(CONTRACTS) as Called[];

/** The certificate of this process, where it has one. Throws `StartError` and `ConfigError`. */
export async function openCertificatesOf(
  { tlsCa: ca, tlsCert: cert, tlsKey: key }: Config,
  { services, apart }: Plan,
  log: Logger,
): Promise<Certificates | undefined> {
  if (ca === undefined || cert === undefined || key === undefined) return undefined;
  const certificates = await openCertificates({ ca, cert, key }, { log }).catch((error) => {
    throw error instanceof CertificateError ? new StartError(`TLS_CERT: ${error.message}`, error) : error;
  });
  const { names } = certificates.current;
  // With all services in one process only back ends call, and each answers them that the certificate names.
  const wanted = apart ? [...services] : ANSWERING.filter((name) => services.has(name));
  const missing = wanted.filter((name) => !names.includes(name));
  if (apart ? missing.length > 0 : missing.length === wanted.length) {
    await certificates.stop();
    throw new ConfigError([
      `TLS_CERT: the certificate in ${cert} is not for ${missing.join(', ')}. Make one with ` +
        `"holdfast certs issue ${wanted.join(' ')}".`,
    ]);
  }
  return certificates;
}

/** What services of this process answer to others. */
export type Answering = { readonly [S in Called]?: Partial<Answers<S>> | undefined };

/**
 * A server of the contracts that this process answers and its certificate names, not listening yet; undefined where
 * there are none. The library is loaded for whoever needs it alone: it takes some megabytes.
 */
export async function grpcServerOf(
  answering: Answering,
  certificates: Certificates | undefined,
  { grpcClients }: Config,
  log: Logger,
): Promise<RpcServer | undefined> {
  if (!certificates) return undefined;
  const { answered, createRpcServer } = await import('../rpc/server/index.ts');
  const contracts = ANSWERING.flatMap((service): Answered[] => {
    const answers = answering[service] as Readonly<Record<string, Service<ServiceDefinition>>> | undefined;
    if (!answers || !certificates.current.names.includes(service)) return [];
    return Object.entries<ServiceDefinition>(CONTRACTS[service]).flatMap(([name, definition]) =>
      answers[name] ? [answered(definition, answers[name])] : [],
    );
  });
  if (contracts.length === 0) return undefined;
  return createRpcServer({ contracts, certificates, access: accessWith(grpcClients), log });
}

/** Resolves to where it listens. Throws `StartError`. */
export async function listenForCalls(server: RpcServer, config: Config): Promise<string> {
  const { host, port } = callsAddress(config);
  const taken = await server.listen(host, port).catch((error) => cannotListen(host, port, error));
  return `${host.includes(':') ? `[${host}]` : host}:${taken}`;
}

/** Whether a server will listen for calls: what the process answers has to stand in its certificate. */
export const answersCalls = ({ services }: Plan, certificates: Certificates | undefined): boolean =>
  ANSWERING.some((name) => services.has(name) && certificates?.current.names.includes(name));

/** Before anything is changed that a server which cannot listen should leave alone. Throws `StartError`. */
export async function checkCallsAddress(config: Config): Promise<void> {
  const { host, port } = callsAddress(config);
  await tryAddress(host, port).catch((error) => cannotListen(host, port, error));
}

const callsAddress = ({ host, grpcHost = host, grpcPort: port }: Config) => ({ host: grpcHost, port });

function cannotListen(host: string, port: number, error: unknown): never {
  throw new StartError(`GRPC_PORT: cannot listen on ${host}:${port}: ${reasonOf(error)}.`, error);
}
