import type { ChannelModel, ConfirmChannel, Options } from 'amqplib';
import { withDeadline } from '../../../base/deadline.ts';
import { unavailable } from '../errors.ts';
import { openChannel } from './channel.ts';
import { assertExchange, exchangeOf } from './queues.ts';

/** Milliseconds until the server must have confirmed. */
const CONFIRM_DEADLINE = 3_000;
/** Messages that may wait for their confirms; the next are refused at once. */
const MAX_IN_FLIGHT = 2_000;

/** Publishes on a channel of its own, and waits until the server has what was published (publisher confirms). */
export class Publisher {
  readonly #prefix: string;
  #channel: ConfirmChannel | undefined;
  #inFlight = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  async attach(model: ChannelModel): Promise<void> {
    this.#channel = await openChannel(model, async (channel) => {
      await assertExchange(channel, this.#prefix);
    });
  }

  async publish(topic: string, body: string): Promise<void> {
    const channel = this.#channel;
    if (!channel) throw unavailable(new Error('There is no channel.'));
    if (this.#inFlight >= MAX_IN_FLIGHT) throw unavailable(new Error('Too many messages are not confirmed yet.'));
    this.#inFlight += 1;
    try {
      await withDeadline(CONFIRM_DEADLINE, confirmed(channel, exchangeOf(this.#prefix), topic, body));
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** Asks the server something that costs it nothing. */
  async probe(): Promise<void> {
    if (!this.#channel) throw unavailable(new Error('There is no channel.'));
    await withDeadline(CONFIRM_DEADLINE, this.#channel.checkExchange(exchangeOf(this.#prefix)));
  }
}

/** Publishes, and resolves when the server has the message on all of its nodes that must have it. */
export const confirmed = (
  channel: ConfirmChannel,
  exchange: string,
  routingKey: string,
  body: string | Buffer,
  options: Options.Publish = {},
): Promise<void> =>
  new Promise((resolve, reject) => {
    channel.publish(exchange, routingKey, Buffer.from(body), { persistent: true, ...options }, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
