import { type CallContext, derived, withTimeout } from '../base/context.ts';
import { HoldfastError, toHoldfastError } from '../base/errors.ts';
import { type MethodDefinition, methodsOf, type Service, type ServiceDefinition } from './contract.ts';
import { checkSize } from './limits.ts';

type Implementation = (request: unknown, context: CallContext) => Promise<unknown>;

/** A client made method by method. */
export function eachMethod<D extends ServiceDefinition>(
  definition: D,
  service: Service<D>,
  wrap: (implementation: Implementation, method: MethodDefinition) => Implementation,
): Service<D> {
  const implementations = service as unknown as Readonly<Record<string, Implementation>>;
  return Object.fromEntries(
    methodsOf(definition).map(([key, method]) => [key, wrap(implementations[key] as Implementation, method)]),
  ) as Service<D>;
}

/**
 * The implementation for a service that calls it in the same process on its own behalf, whoever asked that one: as
 * between processes, the principal is the service that calls.
 */
export const calledBy = <D extends ServiceDefinition>(name: string, definition: D, service: Service<D>): Service<D> => {
  const principal = { kind: 'service', name } as const;
  return eachMethod(
    definition,
    service,
    (implementation) => (request, context) =>
      implementation(request, context.principal.kind === 'service' ? context : derived(context, { principal })),
  );
};

/**
 * The implementation as a client in the same process that passes every message through its wire form, and ends calls
 * as gRPC would. Tests use it, so that nobody comes to lean on a shared object; elsewhere the implementation is handed
 * to its callers as it is.
 */
export const throughTheWire = <D extends ServiceDefinition>(definition: D, service: Service<D>): Service<D> =>
  eachMethod(definition, service, (implementation, { requestType, responseType }) => async (request, given) => {
    try {
      const sent = requestType.encode(request).finish();
      checkSize(sent.length, 'request');
      const context = given.deadline === undefined ? given : withTimeout(given, given.deadline - Date.now());
      if (given.deadline !== undefined && given.deadline <= Date.now()) {
        throw new DOMException('The deadline has passed.', 'TimeoutError');
      }
      context.signal.throwIfAborted();
      const made = Promise.try(implementation, requestType.decode(sent), context);
      const answer = responseType.encode(await orAborted(made, context.signal)).finish();
      checkSize(answer.length, 'answer');
      return responseType.decode(answer);
    } catch (thrown) {
      const { code, detail, fields, retryAfter } = toHoldfastError(thrown);
      throw new HoldfastError(code, detail.toWellFormed(), {
        fields,
        cause: thrown,
        ...(retryAfter !== undefined && { retryAfter }),
      });
    }
  });

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}
