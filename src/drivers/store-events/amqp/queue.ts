import type { Channel, ChannelModel } from 'amqplib';
import { openChannel } from '../../broker/rabbitmq/channel.ts';
import { BACKLOG } from '../port.ts';
import type { AmqpTarget } from './target.ts';

/** How often a message may come again before the server gives it up: for one that always ends whoever takes it. */
const DELIVERY_LIMIT = 100;

/**
 * Makes what is not there: the exchange, for every kind of routing key; the queue, which keeps what comes while nobody is
 * here, on a majority of the servers; and the way from one to the other. What is there stays as it was made.
 */
export async function makeQueue(model: ChannelModel, { exchange, routingKey, queue }: AmqpTarget): Promise<void> {
  if (exchange !== undefined) {
    const found = await isThere(model, (channel) => channel.checkExchange(exchange));
    if (!found) await once(model, (channel) => channel.assertExchange(exchange, 'topic', { durable: true }));
  }
  if (!(await isThere(model, (channel) => channel.checkQueue(queue)))) {
    const quorum = { 'x-queue-type': 'quorum', 'x-delivery-limit': DELIVERY_LIMIT };
    await once(model, (channel) =>
      channel.assertQueue(queue, { durable: true, maxLength: BACKLOG, overflow: 'drop-head', arguments: quorum }),
    );
  }
  if (exchange !== undefined) await once(model, (channel) => channel.bindQueue(queue, exchange, routingKey));
}

/** Asked on a channel of its own, because the server answers "no" by closing it. */
async function isThere(model: ChannelModel, look: (channel: Channel) => Promise<unknown>): Promise<boolean> {
  try {
    await once(model, look);
    return true;
  } catch (error) {
    if (/NOT_FOUND/.test((error as Error).message)) return false;
    throw error;
  }
}

async function once(model: ChannelModel, act: (channel: Channel) => Promise<unknown>): Promise<void> {
  const channel = await openChannel(model.createChannel(), async (opened) => {
    await act(opened);
  });
  await channel.close();
}
