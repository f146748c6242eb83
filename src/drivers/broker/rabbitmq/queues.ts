import type { Channel, Options } from 'amqplib';
import { BACKLOG } from '../port.ts';

/** Milliseconds after which a queue of retries that nobody has used is removed by the server. */
const FORGET_AFTER = 3_600_000;
/**
 * Milliseconds that a message may wait before another try: a queue for each. One queue for all would not do: the server
 * lets a message out only from the head, so that one that waits long holds up those behind it.
 */
const PAUSES = [100, 500, 2_000, 10_000] as const;

export const exchangeOf = (prefix: string): string => prefix;
export const queueOf = (prefix: string, topic: string, group: string): string => `${prefix}.${topic}.${group}`;

/** Where all messages go first; their routing key is the topic. */
export const assertExchange = (channel: Channel, prefix: string) =>
  channel.assertExchange(exchangeOf(prefix), 'direct', { durable: true });

/** A group is a quorum queue: from here on it gets what is published. Doing it again is harmless. */
export async function assertGroup(channel: Channel, prefix: string, topic: string, group: string): Promise<void> {
  const queue = queueOf(prefix, topic, group);
  const options: Options.AssertQueue = {
    durable: true,
    maxLength: BACKLOG,
    overflow: 'drop-head',
    // Tries are counted by the consumer, which tells of what it gives up. This is for one that always dies of it.
    arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 100 },
  };
  await assertExchange(channel, prefix);
  await channel.assertQueue(queue, options);
  await channel.bindQueue(queue, exchangeOf(prefix), topic);
}

/** Makes the queue in which a message waits for about so many milliseconds to come back to its own; answers its name. */
export async function assertRetries(channel: Channel, queue: string, pause: number): Promise<string> {
  const ttl = PAUSES.find((each) => each >= pause) ?? (PAUSES.at(-1) as number);
  const name = `${queue}.retry.${ttl}`;
  await channel.assertQueue(name, {
    durable: true,
    maxLength: BACKLOG,
    messageTtl: ttl,
    expires: FORGET_AFTER,
    deadLetterExchange: '',
    deadLetterRoutingKey: queue,
  });
  return name;
}
