import { HoldfastError, toHoldfastError } from '../base/errors.ts';
import type { Service, ServiceDefinition } from './contract.ts';

/**
 * The implementation as a client in the same process that passes every message through its wire form, as a call to
 * another process would. Tests use it, so that nobody comes to lean on a shared object; elsewhere the implementation
 * is handed to its callers as it is.
 */
export function throughTheWire<D extends ServiceDefinition>(definition: D, service: Service<D>): Service<D> {
  const client: Record<string, unknown> = {};
  for (const [name, { requestType, responseType }] of Object.entries(definition.methods)) {
    const method = service[name as keyof D['methods']] as Service<ServiceDefinition>[string];
    client[name] = async (request: unknown, context: Parameters<typeof method>[1]) => {
      const sent = requestType.decode(requestType.encode(request).finish());
      try {
        return responseType.decode(responseType.encode(await method(sent, context)).finish());
      } catch (thrown) {
        const { code, detail, fields, retryAfter } = toHoldfastError(thrown);
        throw new HoldfastError(code, detail, {
          fields,
          cause: thrown,
          ...(retryAfter !== undefined && { retryAfter }),
        });
      }
    };
  }
  return client as Service<D>;
}
