import type { Channel, ChannelModel } from 'amqplib';
import { withDeadline } from '../../../base/deadline.ts';
import type { Running } from '../../../base/lifecycle.ts';
import type { Logger } from '../../../base/logger.ts';
import { parseMessage } from '../message.ts';
import { BACKLOG, type BrokerMessage } from '../port.ts';
import { openChannel } from './channel.ts';
import type { Connection, Part } from './connection.ts';
import { assertExchange, exchangeOf } from './queues.ts';

/** Milliseconds. */
const STOP_DEADLINE = 2_000;

interface ListenerOptions {
  readonly connection: Connection;
  readonly prefix: string;
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

  async attach(model: ChannelModel): Promise<void> {
    const { connection, prefix, topic } = this.#options;
    this.#channel = await openChannel(model, async (channel) => {
      await assertExchange(channel, prefix);
      const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true, maxLength: BACKLOG });
      await channel.bindQueue(queue, exchangeOf(prefix), topic);
      await channel.consume(queue, (message) => message && this.#hear(message.content), { noAck: true });
      channel.on('close', () => connection.attachAgain(this, model));
    });
  }

  async stop(): Promise<void> {
    const { connection } = this.#options;
    this.#stopped = true;
    connection.remove(this);
    const channel = this.#channel;
    if (channel && !connection.away) {
      await withDeadline(
        STOP_DEADLINE,
        Promise.try(() => channel.close()),
      ).catch(() => undefined);
    }
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
