import { type handleUnaryCall, type Server, type ServerWritableStream, status as Status } from '@grpc/grpc-js';
import { HealthDefinition } from 'nice-grpc-server-health';
import { HoldfastError } from '../../base/errors.ts';
import { CALL_ERRORS, toStatus } from '../status/status.ts';
import type { Peers } from './peers.ts';

const { check, watch } = HealthDefinition.methods;

/** grpc.health.v1.HealthCheckResponse.ServingStatus (grpc/grpc, doc/health-checking.md). */
const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

export interface Health {
  /** Of a contract by its full name; of the server and all that it serves where none is named. */
  set(serving: boolean, contract?: string): void;
}

type Watcher = ServerWritableStream<Buffer, Buffer>;

const path = (method: string): string => `/${HealthDefinition.fullName}/${method}`;
const asBytes = (bytes: Buffer): Buffer => bytes;

/** Serves gRPC health checking to whoever has a certificate, until the signal fires. */
export function addHealth(server: Server, contracts: readonly string[], peers: Peers, stopping: AbortSignal): Health {
  const states = new Map<string, number>(['', ...contracts].map((name) => [name, SERVING]));
  const watchers = new Map<Watcher, string>();
  const tell = (watcher: Watcher, contract: string) => {
    const status = states.get(contract) ?? SERVICE_UNKNOWN;
    watcher.write(Buffer.from(watch.responseType.encode({ status }).finish()));
  };

  const onCheck: handleUnaryCall<Buffer, Buffer> = (call, callback) => {
    try {
      peers.at(call.getPeer());
      const { service } = check.requestType.decode(call.request);
      const status = states.get(service);
      if (status === undefined) callback({ code: Status.NOT_FOUND, details: `There is no ${service} here.` });
      else callback(null, Buffer.from(check.responseType.encode({ status }).finish()));
    } catch (error) {
      callback(refusal(error));
    }
  };
  const onWatch = (call: Watcher) => {
    try {
      peers.at(call.getPeer());
      const { service } = watch.requestType.decode(call.request);
      watchers.set(call, service);
      for (const end of ['cancelled', 'close', 'error']) call.once(end, () => watchers.delete(call));
      tell(call, service);
    } catch (error) {
      call.emit('error', refusal(error));
    }
  };
  server.register(path(check.name), onCheck, asBytes, asBytes, 'unary');
  server.register(path(watch.name), onWatch, asBytes, asBytes, 'serverStream');
  stopping.addEventListener('abort', () => {
    for (const watcher of [...watchers.keys()]) watcher.end();
  });

  return {
    set(serving, contract) {
      const changed = contract === undefined ? [...states.keys()] : [contract];
      for (const name of changed) states.set(name, serving ? SERVING : NOT_SERVING);
      for (const [watcher, name] of watchers) if (changed.includes(name)) tell(watcher, name);
    },
  };
}

const refusal = (error: unknown) =>
  toStatus(
    error instanceof HoldfastError
      ? error
      : new HoldfastError('invalid_request', 'The request is no message of this method.'),
    CALL_ERRORS,
  );
