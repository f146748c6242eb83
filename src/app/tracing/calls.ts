import { derived, isBackEnd } from '../../base/context.ts';
import { type SpanOptions, traced } from '../../base/tracing.ts';
import type { Service, ServiceDefinition } from '../../rpc/contract.ts';
import { type Answers, CONTRACTS } from '../../rpc/contracts.ts';
import { eachMethod } from '../../rpc/in-process.ts';
import type { Answering } from '../grpc.ts';
import type { Called } from '../house.ts';

/** The same answers, each call of which is a span. Our own services begin no traces: they ask time and again. */
export function tracedAnswers<S extends Called>(
  service: S,
  answers: Partial<Answers<S>>,
  kind: SpanOptions['kind'],
): Answers<S> {
  const contracts = Object.entries<ServiceDefinition>(CONTRACTS[service]);
  const given = answers as Readonly<Record<string, Service<ServiceDefinition> | undefined>>;
  return Object.fromEntries(
    contracts.flatMap(([name, definition]) => {
      const contract = given[name];
      return contract ? [[name, tracedContract(definition, contract, kind)]] : [];
    }),
  ) as unknown as Answers<S>;
}

/** What a process answers to others. */
export const tracedAnswering = (answering: Answering): Answering =>
  Object.fromEntries(
    Object.entries(answering).map(([service, answers]) => [
      service,
      tracedAnswers(service as Called, answers, 'server'),
    ]),
  );

const tracedContract = (
  definition: ServiceDefinition,
  contract: Service<ServiceDefinition>,
  kind: SpanOptions['kind'],
): Service<ServiceDefinition> =>
  eachMethod(definition, contract, (implementation, { name }) => {
    const attributes = { 'rpc.system': 'grpc', 'rpc.service': definition.fullName, 'rpc.method': name };
    return (request, context) =>
      traced(
        `${definition.fullName}/${name}`,
        { kind, parent: context.trace, root: isBackEnd(context.principal), attributes },
        (trace) => implementation(request, trace ? derived(context, { trace }) : context),
      );
  });
