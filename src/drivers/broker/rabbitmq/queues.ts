import type { Channel, Options } from 'amqplib';
import { BACKLOG } from '../port.ts';
import type { Names } from './names.ts';

/** Milliseconds after which a queue of retries that nobody has used is removed by the server. */
const FORGET_AFTER = 3_600_000;
/**
 * Milliseconds that a message may wait before another try: a queue for each. One queue for all would not do: the server
 * lets a message out only from the head, so that one that waits long holds up those behind it.
 */
const PAUSES = [100, 500, 2_000, 10_000] as const;

/** Where all messages go first; their routing key is the topic, or the name of one queue. */
export const assertExchange = (channel: Channel, names: Names) =>
  channel.assertExchange(names.exchange, 'direct', { durable: true });

/** A group is a quorum queue: from here on it gets what is published. Doing it again is harmless. Answers its name. */
export async function assertGroup(channel: Channel, names: Names, topic: string, group: string): Promise<string> {
  const queue = names.group(topic, group);
  const options: Options.AssertQueue = {
    durable: true,
    maxLength: BACKLOG,
    overflow: 'drop-head',
    // Tries are counted by the consumer, which tells of what it gives up. This is for one that always dies of it.
    arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 100 },
  };
  await assertExchange(channel, names);
  await channel.assertQueue(queue, options);
  await channel.bindQueue(queue, names.exchange, topic);
  // For what comes back from retries.
  await channel.bindQueue(queue, names.exchange, queue);
  return queue;
}

/**
 * Makes the queue in which a message of a group's queue waits for about so many milliseconds to come back to it. It is
 * reached through our exchange: the server's default one takes a permission of its own. Answers its name.
 */
export async function assertRetries(channel: Channel, names: Names, queue: string, pause: number): Promise<string> {
  const ttl = PAUSES.find((each) => each >= pause) ?? (PAUSES.at(-1) as number);
  const name = names.retries(queue, ttl);
  await channel.assertQueue(name, {
    durable: true,
    maxLength: BACKLOG,
    messageTtl: ttl,
    expires: FORGET_AFTER,
    deadLetterExchange: names.exchange,
    deadLetterRoutingKey: queue,
  });
  await channel.bindQueue(name, names.exchange, name);
  return name;
}

/** A queue that goes with its connection, or when nobody hears through it any more. Answers its name. */
export async function assertListener(channel: Channel, names: Names, topic: string): Promise<string> {
  const queue = names.listener(topic);
  await assertExchange(channel, names);
  await channel.assertQueue(queue, { exclusive: true, autoDelete: true, maxLength: BACKLOG });
  await channel.bindQueue(queue, names.exchange, topic);
  return queue;
}
