import { unlessAborted } from '../../../base/deadline.ts';
import { HoldfastError } from '../../../base/errors.ts';
import type { Running } from '../../../base/lifecycle.ts';
import { closed, unavailable } from '../errors.ts';
import type { Broker, OpenBroker } from '../port.ts';
import { Connection } from './connection.ts';
import { Consumer } from './consumer.ts';
import { lastingError, openError } from './errors.ts';
import { listen } from './listener.ts';
import { Publisher } from './publisher.ts';
import { parseTarget } from './target.ts';

/** A topic that nobody consumes: what is published there is taken, and not kept. */
const PROBE = 'probe';

/**
 * `nats://` and `tls://`, on NATS 2.9 or later with JetStream. Listeners subscribe to the subject of their topic without
 * JetStream, so that they hear of what is published while they are there, and of nothing else.
 */
export const openNats: OpenBroker = async (url, { log }) => {
  const target = parseTarget(url);
  const connection = await Connection.open(target, log).catch((error) => {
    throw openError(error, target);
  });
  const publisher = new Publisher(connection);
  const running = new Set<Running>();
  let closing: Promise<void> | undefined;
  let over = false;

  const probe = () => publisher.publish(PROBE, '{}');
  try {
    await (await listen({ connection, topic: PROBE, handler: () => {}, log })).stop();
    await probe();
  } catch (error) {
    await connection.close();
    throw openError(error, target);
  }

  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    await connection.ready();
    try {
      return await work();
    } catch (error) {
      throw error instanceof HoldfastError ? error : unavailable(error);
    }
  };

  /** What must be permitted once is told to whoever starts the server; later it is as if the server were away. */
  const starting = async (start: () => Promise<Running>): Promise<Running> => {
    if (closing) throw closed();
    await connection.ready();
    const started = await start().catch((error) => {
      throw lastingError(error, target) ?? unavailable(error);
    });
    const one: Running = {
      async stop() {
        await started.stop();
        running.delete(one);
      },
    };
    running.add(one);
    if (!closing) return one;
    await one.stop();
    throw closed();
  };

  const broker: Broker = {
    async publish(topic, message) {
      if (over) throw closed();
      const body = JSON.stringify(message);
      await guarded(() => publisher.publish(topic, body));
    },

    consume: (topic, options, handler) =>
      starting(() =>
        Consumer.start({ ...options, connection, topic, handler, log: log.child({ topic, group: options.group }) }),
      ),

    listen: (topic, handler) => starting(() => listen({ connection, topic, handler, log })),

    async probe(signal) {
      if (over) throw closed();
      signal.throwIfAborted();
      await unlessAborted(signal, guarded(probe));
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
