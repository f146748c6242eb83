import type { CallContext } from '../../base/context.ts';
import { accessWith } from '../access.ts';
import { methodsOf, type Service, type ServiceDefinition } from '../contract.ts';
import { ALL_CONTRACTS, CONTRACTS } from '../contracts.ts';
import { throughTheWire } from '../in-process.ts';
import { TestMesh } from './mesh.ts';

/** How a test calls services. */
export interface Calls {
  readonly to: <D extends ServiceDefinition>(definition: D, service: Service<D>) => Service<D>;
  close(): Promise<void>;
}

/** In this process, through the wire form of messages. */
export const IN_PROCESS: Calls = { to: throughTheWire, close: async () => {} };

type Method = (request: unknown, context: CallContext) => Promise<unknown>;

const TABLE = accessWith([{ name: 'test', may: 'all' }]);
/** Users get through to every method here, so that what services themselves refuse them can be seen. */
const ACCESS = {
  ...TABLE,
  gateway: { ...TABLE.gateway, calls: ALL_CONTRACTS.flatMap(methodsOf).map(([, , path]) => path) },
};

/**
 * Over gRPC with mutual TLS: each contract has a server of its own, which starts with the first call. Calls are made as
 * whoever may make them by the table: for users and nobody by the gateway, by a service otherwise.
 */
export function overGrpc(): Calls {
  let mesh: Promise<TestMesh> | undefined;
  const open = () => {
    mesh ??= TestMesh.open();
    return mesh;
  };
  return {
    to(definition, service) {
      const host = hostOf(definition);
      let port: Promise<number> | undefined;
      const clients = new Map<string, Promise<Readonly<Record<string, Method>>>>();
      const clientAs = async (name: string) => {
        const mesh = await open();
        port ??= mesh.serve(host, definition, service, { access: ACCESS }).then((served) => served.port);
        const remote = await mesh.connect(name, host, [await port]);
        return remote.client(definition) as unknown as Readonly<Record<string, Method>>;
      };
      const methods = methodsOf(definition).map(([key, , path]): [string, Method] => [
        key,
        async (request, context) => {
          const name = callerOf(context, path);
          let client = clients.get(name);
          if (!client) {
            client = clientAs(name);
            clients.set(name, client);
          }
          return ((await client)[key] as Method)(request, context);
        },
      ]);
      return Object.fromEntries(methods) as unknown as Service<typeof definition>;
    },
    async close() {
      await (await mesh)?.close();
    },
  };
}

function hostOf(definition: ServiceDefinition): string {
  for (const [host, contracts] of Object.entries(CONTRACTS)) {
    if (Object.values<ServiceDefinition>(contracts).includes(definition)) return host;
  }
  throw new Error(`Nobody answers ${definition.fullName}.`);
}

function callerOf({ principal }: CallContext, path: string): string {
  if (principal.kind !== 'service') return 'gateway';
  const [name] =
    Object.entries(ACCESS).find(([caller, { calls }]) => caller !== 'gateway' && calls.includes(path)) ?? [];
  return name ?? 'gateway';
}
