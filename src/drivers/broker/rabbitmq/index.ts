import { unlessAborted } from '../../../base/deadline.ts';
import { HoldfastError } from '../../../base/errors.ts';
import type { Running } from '../../../base/lifecycle.ts';
import { closed, unavailable } from '../errors.ts';
import { Outage } from '../outage.ts';
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
  const running = new Set<Running>();
  let closing: Promise<void> | undefined;
  let over = false;

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
  const starting = async (part: Consumer | Listener): Promise<Running> => {
    if (closing) throw closed();
    await consuming.add(part).catch((error) => {
      throw lastingError(error, target) ?? unavailable(error);
    });
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

  const sending = async (send: () => Promise<void>): Promise<void> => {
    if (over) throw closed();
    await publishing.ready();
    try {
      await send();
    } catch (error) {
      throw error instanceof HoldfastError ? error : unavailable(error);
    }
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
      if (over) throw closed();
      signal.throwIfAborted();
      await unlessAborted(
        signal,
        sending(async () => {
          await Promise.all([publisher.probe(), consuming.ready()]);
        }),
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
    await Promise.all([publishing.close(), consuming.close()]);
  }

  return broker;
};
