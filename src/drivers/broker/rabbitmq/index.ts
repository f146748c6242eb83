import { unlessAborted } from '../../../base/deadline.ts';
import { HoldfastError } from '../../../base/errors.ts';
import type { Running } from '../../../base/lifecycle.ts';
import { closed, unavailable } from '../errors.ts';
import type { Broker, OpenBroker } from '../port.ts';
import { Connection } from './connection.ts';
import { Consumer } from './consumer.ts';
import { openError } from './errors.ts';
import { Listener } from './listener.ts';
import { Publisher } from './publisher.ts';
import { parseTarget } from './target.ts';

/**
 * `amqp://` and `amqps://`, on RabbitMQ 3.10 or later. All messages go through one exchange; a group is a quorum queue,
 * a listener a queue that goes with its connection. Classic durable queues would be ten times slower.
 */
export const openRabbit: OpenBroker = async (url, { log }) => {
  const target = parseTarget(url);
  const { prefix } = target;
  const publisher = new Publisher(prefix);
  const connection = await Connection.open(target, [publisher], log).catch((error) => {
    throw openError(error, target);
  });
  const running = new Set<Running>();
  let closing: Promise<void> | undefined;
  let over = false;

  const kept = async (part: Consumer | Listener): Promise<Running> => {
    if (closing) throw closed();
    await connection.add(part);
    const one: Running = {
      async stop() {
        await part.stop();
        running.delete(one);
      },
    };
    running.add(one);
    if (!closing) return one;
    await one.stop();
    throw closed();
  };

  const guarded = async (work: () => Promise<void>): Promise<void> => {
    if (over) throw closed();
    await connection.ready();
    try {
      await work();
    } catch (error) {
      throw error instanceof HoldfastError ? error : unavailable(error);
    }
  };

  const broker: Broker = {
    async publish(topic, message) {
      const body = JSON.stringify(message);
      await guarded(async () => {
        if (connection.blocked) throw unavailable(new Error('RabbitMQ is short of memory or disk.'));
        await publisher.publish(topic, body);
      });
    },

    consume: (topic, options, handler) =>
      kept(
        new Consumer({
          ...options,
          connection,
          prefix,
          topic,
          handler,
          log: log.child({ topic, group: options.group }),
        }),
      ),

    listen: (topic, handler) => kept(new Listener({ connection, prefix, topic, handler, log })),

    async probe(signal) {
      signal.throwIfAborted();
      await unlessAborted(
        signal,
        guarded(() => publisher.probe()),
      );
    },

    close() {
      closing ??= closeAll();
      return closing;
    },
  };

  async function closeAll() {
    // What runs may still publish until it has ended.
    await Promise.all([...running].map((one) => one.stop()));
    over = true;
    await connection.close();
  }

  return broker;
};
