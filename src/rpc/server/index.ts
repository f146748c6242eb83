import { setTimeout as sleep } from 'node:timers/promises';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { HoldfastError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { Grant } from '../access.ts';
import { methodsOf, type Service, type ServiceDefinition } from '../contract.ts';
import { MESSAGE_LIMIT } from '../limits.ts';
import { refuseWhatIsNoText } from '../strict-text.ts';
import type { Certificates } from '../tls/certificates.ts';
import { Gate } from './gate.ts';
import { type HandlerDeps, handlerOf, type Served } from './handler.ts';
import { addHealth } from './health.ts';
import { createListener } from './listener.ts';
import { Peers } from './peers.ts';
import { permissionBy } from './permission.ts';
import { addReflection } from './reflection.ts';
import { Refusals } from './refusals.ts';

/** A contract and who answers it. */
export interface Answered {
  readonly definition: ServiceDefinition;
  readonly service: Readonly<Record<string, Served['implementation']>>;
}

export const answered = <D extends ServiceDefinition>(definition: D, service: Service<D>): Answered => ({
  definition,
  service: service as unknown as Answered['service'],
});

export interface RpcServerOptions {
  readonly contracts: readonly Answered[];
  readonly certificates: Certificates;
  readonly access: Readonly<Record<string, Grant>>;
  readonly log: Logger;
  /** Calls that may be under way at a time, of all callers together. */
  readonly concurrency?: number;
}

export interface RpcServer {
  /** Resolves to the port. Rejects with the system's error where it cannot be had. */
  listen(host: string, port: number): Promise<number>;
  /** What health checks hear of a contract, by its full name; of all where none is named. Serving unless it is said. */
  setServing(serving: boolean, contract?: string): void;
  /**
   * Takes no more connections and tells callers to go elsewhere (GOAWAY); calls under way get so many milliseconds,
   * then they are answered with `unavailable`. Safe to call twice.
   */
  stop(grace?: number): Promise<void>;
}

const CONCURRENCY = 1_000;
const STREAMS = 1_000;
/** Milliseconds. A connection whose other end does not answer for the second is dropped. */
const KEEPALIVE = { every: 10_000, within: 5_000 };
const GRACE = 15_000;
/** Milliseconds that answers have to reach their callers before connections are cut. */
const LAST_WORDS = 500;

/** Contracts served over gRPC with mutual TLS. */
export function createRpcServer(options: RpcServerOptions): RpcServer {
  const { contracts, certificates, access, log } = options;
  refuseWhatIsNoText();
  const deps: HandlerDeps = {
    peers: new Peers(),
    permission: permissionBy(access),
    gate: new Gate(options.concurrency ?? CONCURRENCY),
    refusals: new Refusals(log),
    log,
  };
  const server = new Server({
    'grpc.enable_channelz': 0,
    'grpc.max_receive_message_length': MESSAGE_LIMIT,
    // What is sent is measured before, with a clearer error.
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': STREAMS,
    'grpc.keepalive_time_ms': KEEPALIVE.every,
    'grpc.keepalive_timeout_ms': KEEPALIVE.within,
  });
  for (const { definition, service } of contracts) addContract(server, deps, definition, service);
  const names = contracts.map(({ definition }) => definition.fullName);
  const stopping = new AbortController();
  const health = addHealth(server, names, deps.peers, stopping.signal);
  addReflection(server, names, deps.peers, stopping.signal);

  const connections = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = createListener({
    certificates,
    peers: deps.peers,
    refusals: deps.refusals,
    serve: (socket) => connections.injectConnection(socket),
  });

  const drain = async (grace: number) => {
    health.set(false);
    const ended = listener.refuse();
    stopping.abort();
    // It says so when connections are about to end; they have ended when their sockets have.
    server.tryShutdown(() => {});
    const over = new AbortController();
    await Promise.race([ended, sleep(grace, undefined, over)]);
    deps.gate.giveUpAll(new HoldfastError('unavailable', 'The server is stopping. Try again.'));
    await Promise.race([ended, sleep(LAST_WORDS, undefined, over)]);
    over.abort();
    listener.cut();
    await ended;
  };
  let stopped: Promise<void> | undefined;
  return {
    listen: (host, port) => listener.listen(host, port),
    setServing: (serving, contract) => health.set(serving, contract),
    stop(grace = GRACE) {
      stopped ??= drain(grace);
      return stopped;
    },
  };
}

/** Messages come as bytes and go as bytes: they are parsed only for whoever may call, and with clear errors. */
const asBytes = (bytes: Buffer): Buffer => bytes;

function addContract(
  server: Server,
  deps: HandlerDeps,
  definition: ServiceDefinition,
  service: Answered['service'],
): void {
  for (const [key, method, path] of methodsOf(definition)) {
    const implementation = service[key] as Served['implementation'];
    server.register(path, handlerOf(deps, { path, method, implementation }), asBytes, asBytes, 'unary');
  }
}
