import { unlessAborted } from '../../../base/deadline.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import { unavailable } from '../errors.ts';
import { Outage } from '../outage.ts';
import { Parts } from '../parts.ts';
import type { Broker, OpenBroker } from '../port.ts';
import { Connection } from './connection.ts';
import { Consumer } from './consumer.ts';
import { isFull, isRefusing, lastingReason, openError, remedyOf } from './errors.ts';
import { Group } from './group.ts';
import { Keys } from './keys.ts';
import { Listeners } from './listeners.ts';
import { Publisher } from './publisher.ts';
import { Reader } from './reader.ts';
import { PROBE } from './scripts.ts';
import { parseTarget } from './target.ts';

/**
 * `redis://` and `rediss://`, on Redis 6.2 or later, or Valkey. A group is a stream with a consumer group; listeners
 * hear by pub/sub. One connection is shared, listeners have one, and each consumer has one for its blocking read.
 */
export const openRedis: OpenBroker = async (url, { log }) => {
  const target = parseTarget(url);
  const keys = new Keys(target);
  const outage = new Outage({ server: 'Redis', log, explain: (error) => lastingReason(error, target) });
  const connection = new Connection({
    target,
    outage,
    ping: true,
    prepare: async (client) => void (await client.exists(keys.probe)),
  });
  const probe = () => connection.script(PROBE, [keys.probe], []);
  const { evictionPolicy } = await connection.open().catch((error) => {
    throw openError(error, target);
  });
  await probe().catch((error) => {
    if (isFull(error)) return log.error({ err: error }, `messages are refused: ${remedyOf(error)}`);
    connection.close();
    throw openError(error instanceof HoldfastError ? error.cause : error, target);
  });
  if (evictionPolicy?.startsWith('allkeys')) {
    log.warn(`Redis may throw messages away to make room (maxmemory-policy ${evictionPolicy}); noeviction is better`);
  }
  const listeners = new Listeners({ target, outage, keys, log });
  const publisher = new Publisher({ connection, keys, log });
  const parts = new Parts();

  const broker: Broker = {
    async publish(topic, message) {
      parts.checkOpen();
      await publisher.publish(topic, message);
    },

    consume: (topic, { group: name, concurrency }, handler) =>
      parts.start(async () => {
        const group = new Group({ connection, keys, topic, group: name, consumer: newId() });
        const reader = new Reader({ target, outage, shared: connection, group });
        await reader.open().catch((error) => {
          throw unavailable(error);
        });
        const about = log.child({ topic, group: name });
        return new Consumer({ group, reader, connection, concurrency, handler, log: about });
      }),

    listen: (topic, handler) => parts.start(() => listeners.add(topic, handler)),

    async probe(signal) {
      parts.checkOpen();
      signal.throwIfAborted();
      const answered = probe().catch((error) => {
        throw isRefusing(error) ? new HoldfastError('unavailable', `${remedyOf(error)}.`, { cause: error }) : error;
      });
      await unlessAborted(signal, answered);
    },

    close: () =>
      parts.close(async () => {
        await listeners.close();
        connection.close();
      }),
  };
  return broker;
};
