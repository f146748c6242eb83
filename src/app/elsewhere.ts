import type { Logger } from '../base/logger.ts';
import type { Probe } from '../base/probe.ts';
import type { Remote } from '../rpc/client/index.ts';
import type { Service, ServiceDefinition } from '../rpc/contract.ts';
import { type Answers, CONTRACTS } from '../rpc/contracts.ts';
import type { Certificates } from '../rpc/tls/certificates.ts';
import type { Called } from './house.ts';
import type { Plan } from './plan.ts';

/** The services that run in other processes, as if they were here. */
export interface Elsewhere {
  /** For a service of the plan's; for any other it throws. */
  answersOf<S extends Called>(service: S): Answers<S>;
  readonly probes: Readonly<Record<string, Probe>>;
  /** Calls under way are given up. */
  close(): void;
}

/** Nothing is connected before the first call. The library is loaded for whoever needs it alone: it takes some megabytes. */
export async function reachElsewhere(
  { elsewhere, services }: Plan,
  certificates: Certificates | undefined,
  log: Logger,
): Promise<Elsewhere> {
  const remotes = new Map<Called, Remote>();
  if (elsewhere.size > 0) {
    if (!certificates) throw new Error('Services elsewhere are reached with certificates.');
    const { connectTo } = await import('../rpc/client/index.ts');
    for (const [service, addresses] of elsewhere) {
      // Storage knows services only; on whose behalf a gateway in this process asks is no concern of it.
      const forwardsPrincipals = services.has('gateway') && service !== 'storage';
      remotes.set(service, connectTo({ service, addresses, certificates, log, forwardsPrincipals }));
    }
  }
  return {
    answersOf<S extends Called>(service: S) {
      const remote = remotes.get(service);
      if (!remote) throw new Error(`The plan has no ${service} elsewhere.`);
      const contracts = Object.entries<ServiceDefinition>(CONTRACTS[service]);
      return Object.fromEntries(
        contracts.map(([name, definition]): [string, Service<ServiceDefinition>] => [name, remote.client(definition)]),
      ) as unknown as Answers<S>;
    },
    probes: Object.fromEntries(
      [...remotes].map(([service, remote]): [string, Probe] => [service, (signal) => remote.probe(signal)]),
    ),
    close() {
      for (const remote of remotes.values()) remote.close();
    },
  };
}
