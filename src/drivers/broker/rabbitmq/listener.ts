import type { Channel } from 'amqplib';
import { withDeadline } from '../../../base/deadline.ts';
import type { Running } from '../../../base/lifecycle.ts';
import type { Logger } from '../../../base/logger.ts';
import { parseMessage } from '../message.ts';
import type { BrokerMessage } from '../port.ts';
import { openChannel } from './channel.ts';
import type { Connection, Part } from './connection.ts';
import type { Link } from './link.ts';
import type { Names } from './names.ts';
import { assertListener } from './queues.ts';

/** Milliseconds. */
const STOP_DEADLINE = 2_000;

interface ListenerOptions {
  readonly connection: Connection;
  readonly names: Names;
  readonly topic: string;
  readonly handler: (message: BrokerMessage) => void;
  readonly log: Logger;
}

/** Hears through a queue of its own, which goes with its connection. */
export class Listener implements Running, Part {
  readonly #options: ListenerOptions;
  #channel: Channel | undefined;
  #stopped = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  async attach(link: Link): Promise<void> {
    const { connection, names, topic } = this.#options;
    const channel = await openChannel(
      link.model.createChannel(),
      async (opened) => {
        const queue = await assertListener(opened, names, topic);
        const hear = (content: Buffer | undefined) => {
          if (content) this.#hear(content);
          else connection.renew(new Error('A queue was deleted.'), link);
        };
        await opened.consume(queue, (message) => hear(message?.content), { noAck: true });
      },
      (reason) => connection.renew(reason, link),
    );
    this.#channel = channel;
    // Stopped meanwhile.
    if (this.#stopped) await leave(channel);
  }

  async stop(): Promise<void> {
    const { connection } = this.#options;
    this.#stopped = true;
    connection.remove(this);
    if (this.#channel && !connection.away) await leave(this.#channel);
  }

  #hear(content: Buffer): void {
    const message = this.#stopped ? undefined : parseMessage(content);
    if (!message) return;
    try {
      this.#options.handler(message);
    } catch (error) {
      this.#options.log.error({ err: error, topic: this.#options.topic }, 'a listener failed');
    }
  }
}

const leave = (channel: Channel): Promise<void> =>
  withDeadline(
    STOP_DEADLINE,
    Promise.try(() => channel.close()),
  ).catch(() => undefined);
