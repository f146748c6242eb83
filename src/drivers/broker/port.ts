import type { Running } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';

/**
 * Carries news, never truth: what it loses, repeats or reorders is found again in the database. Bodies are small
 * JSON documents. What nobody takes away is kept within a bound (`BACKLOG`), and then the oldest is dropped. Topics and
 * groups are lower-case words joined by dots.
 *
 * A driver that has a server finds back to it by itself when it was away, also to one that has forgotten everything,
 * and its consumers and listeners go on. It logs one `warn` when the server went and one `info` when it is back, and
 * says nothing in between.
 */
export interface Broker {
  /** Resolves when the broker has it. Rejects with `unavailable` where it cannot be had within a few seconds. */
  publish(topic: string, message: BrokerMessage): Promise<void>;

  /**
   * Shares the messages of a topic among all who name the same group: each message goes to one of them, and comes
   * again, to any, where its handler threw (after a pause that grows, `MAX_ATTEMPTS` times in all) or its process or
   * connection died (soon: within a minute). A handler that takes long keeps its message. At most `concurrency`
   * handlers run at a time. A group gets what is published once it has had a consumer, also while none is there.
   * Rejects with `unavailable` where the server cannot be had.
   *
   * Stopping takes no more messages, fires the `signal` of the running handlers, and waits for them: a handler soon
   * ends, or throws and so hands its message back. Where the server is away, what was handed back comes again to
   * others once it is taken for dead.
   */
  consume(topic: string, options: ConsumeOptions, handler: MessageHandler): Promise<Running>;

  /**
   * Brings each message of a topic to every listener that is there when it is published; not what is published while
   * it has no connection. Once stopped, none comes. Rejects with `unavailable` where the server cannot be had.
   */
  listen(topic: string, handler: (message: BrokerMessage) => void): Promise<Running>;

  /** Resolves where the server answers now. */
  probe(signal: AbortSignal): Promise<void>;
  /** Stops all consumers and listeners, then disconnects: later calls are refused with `unavailable`. Safe to call twice. */
  close(): Promise<void>;
}

export type BrokerMessage = Readonly<Record<string, string | number | boolean>>;

export interface ConsumeOptions {
  readonly group: string;
  /** 1 or more. */
  readonly concurrency: number;
}

export type MessageHandler = (message: BrokerMessage, signal: AbortSignal) => Promise<void>;

/** Messages that are kept for one group, those that wait for another try included; a server may keep some more. */
export const BACKLOG = 10_000;

/** How often one message is brought to a handler. Then it is given up, and the log says so. */
export const MAX_ATTEMPTS = 8;

/** Pause before a message comes again, for `backoff`: milliseconds. */
export const RETRY = { base: 100, max: 30_000 };

export interface BrokerOptions {
  readonly log: Logger;
}

/** What a driver is to `openBroker`. Throws an error whose message says to the operator what is wrong with the URL. */
export type OpenBroker = (url: string, options: BrokerOptions) => Promise<Broker>;
