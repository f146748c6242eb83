import type { CallContext } from '../base/context.ts';

/** The part of a generated message that a call needs. */
interface MessageType<T> {
  // biome-ignore lint/suspicious/noExplicitAny: the generated writer and reader are opaque here.
  encode(message: T, writer?: any): { finish(): Uint8Array };
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  decode(input: any, length?: number): T;
}

export interface MethodDefinition {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: inferred per method below.
  readonly requestType: MessageType<any>;
  // biome-ignore lint/suspicious/noExplicitAny: inferred per method below.
  readonly responseType: MessageType<any>;
  readonly options: {
    /** Whether doing it twice is as good as once. Absent: it is not. */
    readonly idempotencyLevel?: 'IDEMPOTENT' | 'NO_SIDE_EFFECTS';
  };
}

export interface ServiceDefinition {
  readonly name: string;
  readonly fullName: string;
  readonly methods: Readonly<Record<string, MethodDefinition>>;
}

type MessageOf<M> = M extends MessageType<infer T> ? T : never;

/**
 * A contract as plain functions. A service implements it; a caller is handed it. In one process the two are the same
 * object, across processes a client stands between them: neither side can tell.
 */
export type Service<D extends ServiceDefinition> = {
  [M in keyof D['methods']]: (
    request: MessageOf<D['methods'][M]['requestType']>,
    context: CallContext,
  ) => Promise<MessageOf<D['methods'][M]['responseType']>>;
};

export type MethodsOf<D extends ServiceDefinition> = keyof D['methods'] & string;

/** What a method is called on the wire: `/holdfast.v1.FileService/GetFile`. */
export function pathOf<D extends ServiceDefinition>({ fullName, methods }: D, method: MethodsOf<D>): string {
  return `/${fullName}/${(methods[method] as MethodDefinition).name}`;
}

/** Every method of a contract, by its key in the service. */
export const methodsOf = (definition: ServiceDefinition): [key: string, method: MethodDefinition, path: string][] =>
  Object.entries(definition.methods).map(([key, method]) => [key, method, pathOf(definition, key)]);
