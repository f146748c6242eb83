import type { Running } from '../../base/lifecycle.ts';

/**
 * Carries news, never truth: what it loses, repeats or reorders is found again in the database. Bodies are small
 * JSON documents.
 */
export interface Broker {
  /** Resolves when the broker has it. Rejects with `unavailable` where it cannot be had within a few seconds. */
  publish(topic: string, message: BrokerMessage): Promise<void>;

  /**
   * Shares the messages of a topic among all who name the same group: each message goes to one of them, and comes
   * again, to any, where its handler threw or its process died. At most `concurrency` handlers run at a time.
   */
  consume(topic: string, options: ConsumeOptions, handler: MessageHandler): Promise<Running>;

  /** Brings each message of a topic to every listener that is there when it is published. */
  listen(topic: string, handler: (message: BrokerMessage) => void): Promise<Running>;

  probe(signal: AbortSignal): Promise<void>;
  /** Lets running handlers end, then disconnects. */
  close(): Promise<void>;
}

export type BrokerMessage = Readonly<Record<string, string | number | boolean>>;

export interface ConsumeOptions {
  readonly group: string;
  /** 1 or more. */
  readonly concurrency: number;
}

export type MessageHandler = (message: BrokerMessage, signal: AbortSignal) => Promise<void>;

/** Topics: lower-case words joined by dots. */
export const TOPICS = {
  /** `{fileId}`: the file has due jobs. Shared by processors. */
  work: 'work',
  /** `{fileId}`: the file may be purged now. Shared by janitors; what they miss, their sweep finds. */
  purge: 'purge',
  /** `{position, type, fileId, ownerId, …}`: the log of events grew. Heard by every gateway and by the notifier. */
  events: 'events',
} as const;
