import type { Logger } from './logger.ts';

/** Who is asking. */
export type Principal =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'user'; readonly ownerId: string }
  | { readonly kind: 'service'; readonly name: string };

/** Whether another back end is asking, by the name in its certificate, and not one of our own services. */
export const isBackEnd = (principal: Principal): principal is Principal & { readonly kind: 'service' } =>
  principal.kind === 'service' && principal.name.startsWith('client/');

/** Where a call belongs in a trace, as it goes over the wire (W3C Trace Context). */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** The id of the trace, as logs name it. */
export const traceIdOf = (trace: TraceContext | undefined): string | undefined => trace?.traceparent.slice(3, 35);

/** Where a call comes from, for whoever writes down who did what. */
export interface Caller {
  readonly address: string;
  readonly userAgent: string;
}

/** What goes with every call, in one process or across several. */
export interface CallContext {
  readonly principal: Principal;
  readonly requestId: string;
  /** Fires when the caller is gone (an `AbortError`) or the deadline has passed (a `TimeoutError`). */
  readonly signal: AbortSignal;
  /** When the answer is of no use any more: milliseconds of Unix time. Absent: whoever waits says when, by `signal`. */
  readonly deadline?: number | undefined;
  readonly trace?: TraceContext | undefined;
  /** Absent where it did not come over the wire. */
  readonly caller?: Caller;
  readonly log: Logger;
}

export const ANONYMOUS: Principal = { kind: 'anonymous' };

const NEVER = new AbortController().signal;

/** The context of work that a service does of its own accord, such as the janitor's. */
export function serviceContext(name: string, log: Logger, requestId: string, signal: AbortSignal = NEVER): CallContext {
  return { principal: { kind: 'service', name }, requestId, signal, log };
}

/** The same call with at most `milliseconds` for its answer; a deadline that is nearer stays. */
export function withTimeout(context: CallContext, milliseconds: number): CallContext {
  const deadline = Math.min(context.deadline ?? Number.POSITIVE_INFINITY, Date.now() + milliseconds);
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(Math.max(0, deadline - Date.now()))]);
  return derived(context, { deadline, signal });
}

/** The same call with something changed. What else the context makes when it is first asked for is not made by this. */
export function derived(context: CallContext, change: Partial<CallContext>): CallContext {
  return Object.create(context, Object.getOwnPropertyDescriptors(change));
}
