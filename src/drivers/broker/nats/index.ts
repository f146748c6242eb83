import { unlessAborted } from '../../../base/deadline.ts';
import type { Running } from '../../../base/lifecycle.ts';
import { unavailable } from '../errors.ts';
import { asked, Parts } from '../parts.ts';
import type { Broker, OpenBroker } from '../port.ts';
import { Connection } from './connection.ts';
import { Consumer } from './consumer.ts';
import { lastingError, openError } from './errors.ts';
import { listen } from './listener.ts';
import { Publisher } from './publisher.ts';
import { parseTarget } from './target.ts';

/** A topic that nobody consumes. */
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
  const parts = new Parts();

  const probe = () => publisher.publish(PROBE, '{}');
  try {
    await (await listen({ connection, topic: PROBE, handler: () => {}, log })).stop();
    await probe();
  } catch (error) {
    await connection.close();
    throw openError(error, target);
  }

  const ready = () => connection.ready();

  /** What must be permitted once is told to whoever starts the server; later it is as if the server were away. */
  const starting = (start: () => Promise<Running>): Promise<Running> =>
    parts.start(async () => {
      await ready();
      return start().catch((error) => {
        throw lastingError(error, target) ?? unavailable(error);
      });
    });

  const broker: Broker = {
    async publish(topic, message) {
      parts.checkOpen();
      const body = JSON.stringify(message);
      await asked(ready, () => publisher.publish(topic, body));
    },

    consume: (topic, options, handler) =>
      starting(() =>
        Consumer.start({ ...options, connection, topic, handler, log: log.child({ topic, group: options.group }) }),
      ),

    listen: (topic, handler) => starting(() => listen({ connection, topic, handler, log })),

    async probe(signal) {
      parts.checkOpen();
      signal.throwIfAborted();
      await unlessAborted(signal, asked(ready, probe));
    },

    close: () => parts.close(() => connection.close()),
  };
  return broker;
};
