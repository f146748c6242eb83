import { methodsOf, type Service, type ServiceDefinition } from '../contract.ts';
import { RetryBudget } from './budget.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { errorOf } from './errors.ts';
import { askHealth } from './health.ts';
import { methodClient } from './method.ts';

export interface RemoteOptions extends ConnectionOptions {
  /** Says on behalf of which user calls are made: for the gateway alone. All others speak for themselves. */
  readonly forwardsPrincipals?: boolean;
}

/** A service in other processes: all of its instances. Nothing is connected before the first call. */
export interface Remote {
  /** One of its contracts, as if it were here. */
  client<D extends ServiceDefinition>(definition: D): Service<D>;
  /** Rejects with a `HoldfastError` unless an instance says that it serves. */
  probe(signal: AbortSignal): Promise<void>;
  /** Calls under way are given up. */
  close(): void;
}

export function connectTo({ forwardsPrincipals = false, ...options }: RemoteOptions): Remote {
  const connection = new Connection(options);
  const deps = { connection, budget: new RetryBudget(), forwardsPrincipals };
  return {
    client<D extends ServiceDefinition>(definition: D) {
      const methods = methodsOf(definition).map(([key, method, path]) => [key, methodClient(deps, path, method)]);
      return Object.fromEntries(methods) as Service<D>;
    },
    probe: (signal) =>
      askHealth(connection, signal).catch((thrown) => {
        throw errorOf(thrown, 'health');
      }),
    close: () => connection.close(),
  };
}
