import type { Running } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';

/**
 * A place where an object store tells what happens to its objects: somebody else's messages, whose bodies are theirs to
 * shape. Where the server keeps messages, each is brought until a handler resolved, and those that came while nobody was
 * here are brought afterwards; a place that keeps none says so in the log when it is opened.
 *
 * A driver finds back to its server by itself, also to one that has forgotten everything. It logs one `warn` when the
 * server went and one `info` when it is back.
 */
export interface StoreEvents {
  /**
   * Hands each message to the handler, at most `AT_ONCE` at a time; no more are held here. Shared by all who open the same
   * place: a message goes to one of them. It comes again, to any, where the handler threw (after a pause) or its process
   * died. Rejects with `unavailable` where the server cannot be had.
   *
   * Stopping takes no more messages and waits for the handlers that run: who has another way to end them does it meanwhile.
   */
  consume(handler: (body: Uint8Array) => Promise<void>): Promise<Running>;
  /** Resolves where the server answers now. */
  probe(signal: AbortSignal): Promise<void>;
  /** Stops what is consumed, then disconnects. Safe to call twice. */
  close(): Promise<void>;
}

/** Messages that are handled at a time. */
export const AT_ONCE = 32;

/** Milliseconds before a message comes again whose handler threw. */
export const AGAIN_AFTER = 2_000;

/** Messages that a server keeps while nobody takes them; then the oldest go, and the janitor finds what they told of. */
export const BACKLOG = 100_000;

export interface StoreEventsOptions {
  readonly log: Logger;
}

/** What a driver is to `openStoreEvents`. Throws an error whose message says to the operator what is wrong with the URL. */
export type OpenStoreEvents = (url: string, options: StoreEventsOptions) => Promise<StoreEvents>;
