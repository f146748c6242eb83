import type { RedisTarget } from './target.ts';

/**
 * What stands where on the server. Each group of a topic has a stream of its own, so that what is done can be taken
 * out, and the oldest dropped, without a look at other groups. All keys share one hash tag, and so one slot of a cluster.
 */
export class Keys {
  readonly #prefix: string;
  readonly #channelPrefix: string;

  constructor({ prefix, database }: RedisTarget) {
    this.#prefix = `{${prefix}}`;
    // Channels know no databases.
    this.#channelPrefix = `{${prefix}}@${database}`;
  }

  /** Channel on which listeners hear a topic. */
  channel(topic: string): string {
    return `${this.#channelPrefix}:${topic}`;
  }

  /** Set of the groups that a topic has had. */
  groups(topic: string): string {
    return `${this.#prefix}:${topic}:groups`;
  }

  /** Before the name of a group: its stream. */
  streams(topic: string): string {
    return `${this.#prefix}:${topic}:group:`;
  }

  stream(topic: string, group: string): string {
    return `${this.streams(topic)}${group}`;
  }

  /** Sorted set of what failed, by the millisecond at which it comes again. */
  later(topic: string, group: string): string {
    return `${this.#prefix}:${topic}:later:${group}`;
  }

  /** A key to try the server with. */
  get probe(): string {
    return `${this.#prefix}:probe`;
  }
}
