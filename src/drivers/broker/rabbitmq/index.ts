import { unlessAborted } from '../../../base/deadline.ts';
import type { Running } from '../../../base/lifecycle.ts';
import { unavailable } from '../errors.ts';
import { Outage } from '../outage.ts';
import { asked, Parts } from '../parts.ts';
import type { Broker, OpenBroker } from '../port.ts';
import { Connection } from './connection.ts';
import { Consumer } from './consumer.ts';
import { lastingError, openError } from './errors.ts';
import { Listener } from './listener.ts';
import { Names } from './names.ts';
import { PROBE, Publisher } from './publisher.ts';
import { parseTarget } from './target.ts';

/**
 * `amqp://` and `amqps://`, on RabbitMQ 3.10 or later. All messages go through one exchange; a group is a quorum queue,
 * a listener a queue that goes with its connection. Classic durable queues would be ten times slower.
 *
 * What publishes and what consumes has a connection each: a server that is short of memory or disk reads nothing more
 * from one that publishes, and what was handled must be settled all the same.
 */
export const openRabbit: OpenBroker = async (url, { log }) => {
  const target = parseTarget(url);
  const names = new Names(target.prefix);
  const outage = new Outage({ server: 'RabbitMQ', log, explain: (error) => lastingError(error, target)?.message });
  const publishing = new Connection({ target, outage });
  const consuming = new Connection({ target, outage });
  const publisher = new Publisher({
    names,
    log,
    // Where the exchange was deleted, what was bound to it is not any more.
    onRefused(link, reason) {
      publishing.renew(reason, link);
      consuming.renew(reason);
    },
  });
  const parts = new Parts();

  /** Whoever may not make a queue, bind and read it is refused now. */
  const trial = new Listener({ connection: consuming, names, topic: PROBE, handler: () => {}, log });
  try {
    await publishing.open(publisher);
    await consuming.open(trial);
  } catch (error) {
    await Promise.all([publishing.close(), consuming.close()]);
    throw openError(error, target);
  }
  await trial.stop();

  /** What must be permitted once is told to whoever starts the server; later it is as if the server were away. */
  const starting = (part: Consumer | Listener): Promise<Running> =>
    parts.start(async () => {
      await consuming.add(part).catch((error) => {
        throw lastingError(error, target) ?? unavailable(error);
      });
      return part;
    });

  const sending = async (send: () => Promise<unknown>): Promise<void> => {
    parts.checkOpen();
    await asked(() => publishing.ready(), send);
  };

  const broker: Broker = {
    async publish(topic, message) {
      const body = Buffer.from(JSON.stringify(message));
      await sending(() => publisher.publish(topic, body));
    },

    consume: (topic, options, handler) =>
      starting(
        new Consumer({
          ...options,
          connection: consuming,
          publisher,
          names,
          topic,
          handler,
          log: log.child({ topic, group: options.group }),
        }),
      ),

    listen: (topic, handler) => starting(new Listener({ connection: consuming, names, topic, handler, log })),

    async probe(signal) {
      signal.throwIfAborted();
      const probing = sending(() => Promise.all([publisher.probe(), consuming.ready()]));
      await unlessAborted(signal, probing);
    },

    close: () =>
      parts.close(async () => {
        await Promise.all([publishing.close(), consuming.close()]);
      }),
  };
  return broker;
};
