import type { Running } from '../../../base/lifecycle.ts';
import type { Logger } from '../../../base/logger.ts';
import { unavailable } from '../errors.ts';
import { parseMessage } from '../message.ts';
import type { Outage } from '../outage.ts';
import type { BrokerMessage } from '../port.ts';
import { Connection } from './connection.ts';
import type { Keys } from './keys.ts';
import type { RedisTarget } from './target.ts';

type Handler = (message: BrokerMessage) => void;

interface Ear {
  readonly handlers: Set<{ readonly handler: Handler }>;
  /** The same function each time: the library then knows that it is there already. */
  readonly hear: (body: string) => void;
}

interface ListenersOptions {
  readonly target: RedisTarget;
  readonly outage: Outage;
  readonly keys: Keys;
  readonly log: Logger;
}

/** All listeners of one instance, on a connection of their own that is made when the first one comes. */
export class Listeners {
  readonly #options: ListenersOptions;
  readonly #ears = new Map<string, Ear>();
  #connection: Promise<Connection> | undefined;

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  async add(topic: string, handler: Handler): Promise<Running> {
    const ear = this.#ears.get(topic) ?? this.#earFor(topic);
    this.#ears.set(topic, ear);
    const one = { handler };
    ear.handlers.add(one);
    try {
      const connection = await this.#open();
      await connection.run((client) => client.subscribe(this.#options.keys.channel(topic), ear.hear));
    } catch (error) {
      ear.handlers.delete(one);
      throw unavailable(error);
    }
    return {
      stop: async () => {
        ear.handlers.delete(one);
      },
    };
  }

  async close(): Promise<void> {
    this.#ears.clear();
    const connection = await this.#connection?.catch(() => undefined);
    connection?.close();
  }

  #open(): Promise<Connection> {
    this.#connection ??= this.#connect().catch((error) => {
      // The next listener tries again.
      this.#connection = undefined;
      throw error;
    });
    return this.#connection;
  }

  async #connect(): Promise<Connection> {
    const { target, outage, keys } = this.#options;
    const connection = new Connection({
      target,
      outage,
      ping: true,
      prepare: async (client) => {
        for (const [topic, { hear }] of this.#ears) await client.subscribe(keys.channel(topic), hear);
      },
    });
    await connection.open();
    return connection;
  }

  #earFor(topic: string): Ear {
    const handlers: Ear['handlers'] = new Set();
    const { log } = this.#options;
    const hear = (body: string) => {
      for (const { handler } of handlers) {
        const message = parseMessage(body);
        if (!message) continue;
        try {
          handler(message);
        } catch (error) {
          log.error({ err: error, topic }, 'a listener failed');
        }
      }
    };
    return { handlers, hear };
  }
}
