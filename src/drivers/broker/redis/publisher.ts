import { HoldfastError } from '../../../base/errors.ts';
import type { Logger } from '../../../base/logger.ts';
import { unavailable } from '../errors.ts';
import { BACKLOG, type BrokerMessage } from '../port.ts';
import type { Connection } from './connection.ts';
import { isRefusing, remedyOf } from './errors.ts';
import type { Keys } from './keys.ts';
import { PUBLISH } from './scripts.ts';

/** Milliseconds for which the same thing is not said again. */
const SAY_EVERY = 60_000;

interface PublisherOptions {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly log: Logger;
}

export class Publisher {
  readonly #options: PublisherOptions;
  readonly #said = new Map<string, number>();

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  async publish(topic: string, message: BrokerMessage): Promise<void> {
    const { connection, keys, log } = this.#options;
    const body = JSON.stringify(message);
    try {
      const args = [keys.streams(topic), keys.channel(topic), body, BACKLOG];
      const full = await connection.script(PUBLISH, [keys.groups(topic)], args);
      if (full === 1 && this.#mayTell(`full ${topic}`)) {
        log.warn({ topic }, 'messages come faster than they are handled: the oldest are dropped');
      }
    } catch (error) {
      if (error instanceof HoldfastError) throw error;
      if (isRefusing(error) && this.#mayTell('refused')) {
        log.error({ err: error }, `messages are refused: ${remedyOf(error)}`);
      }
      throw unavailable(error);
    }
  }

  #mayTell(what: string): boolean {
    const now = performance.now();
    if (now < (this.#said.get(what) ?? 0)) return false;
    this.#said.set(what, now + SAY_EVERY);
    return true;
  }
}
