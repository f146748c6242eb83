import type { CallContext } from '../base/context.ts';

/** The part of a generated message that a call needs. */
interface MessageType<T> {
  // biome-ignore lint/suspicious/noExplicitAny: the generated writer and reader are opaque here.
  encode(message: T, writer?: any): { finish(): Uint8Array };
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  decode(input: any, length?: number): T;
}

interface MethodDefinition {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: inferred per method below.
  readonly requestType: MessageType<any>;
  // biome-ignore lint/suspicious/noExplicitAny: inferred per method below.
  readonly responseType: MessageType<any>;
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
