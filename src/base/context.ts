import type { Logger } from './logger.ts';

/** Who is asking. */
export type Principal =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'user'; readonly ownerId: string }
  | { readonly kind: 'service'; readonly name: string };

/** What goes with every call, in one process or across several. */
export interface CallContext {
  readonly principal: Principal;
  readonly requestId: string;
  /** Fires when the caller is gone or the deadline has passed. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export const ANONYMOUS: Principal = { kind: 'anonymous' };

const NEVER = new AbortController().signal;

/** The context of work that a service does of its own accord, such as the janitor's. */
export function serviceContext(name: string, log: Logger, requestId: string, signal: AbortSignal = NEVER): CallContext {
  return { principal: { kind: 'service', name }, requestId, signal, log };
}
