import { NoRespondersError } from '@nats-io/transport-node';
import { HoldfastError } from '../../../base/errors.ts';
import type { Running } from '../../../base/lifecycle.ts';
import { closed, unavailable } from '../errors.ts';
import { parseMessage } from '../message.ts';
import type { Broker, BrokerMessage, OpenBroker } from '../port.ts';
import { Connection, REQUEST_DEADLINE } from './connection.ts';
import { Consumer } from './consumer.ts';
import { openError } from './errors.ts';
import { parseTarget } from './target.ts';

/**
 * `nats://` and `tls://`, on NATS 2.9 or later with JetStream. A topic is a stream, a group a durable consumer of it;
 * listeners subscribe to the same subject without JetStream.
 */
export const openNats: OpenBroker = async (url, { log }) => {
  const target = parseTarget(url);
  const connection = await Connection.open(target, log).catch((error) => {
    throw openError(error, target);
  });
  const { nats, client, topology } = connection;
  const running = new Set<Running>();
  let closing: Promise<void> | undefined;
  let over = false;

  const publish = async (topic: string, body: string, again = true): Promise<void> => {
    await topology.stream(topic);
    try {
      await client.publish(topology.subject(topic), body, { timeout: REQUEST_DEADLINE });
    } catch (error) {
      // The stream is gone: somebody has removed it while we were connected.
      if (!(again && isNobodyThere(error))) throw error;
      topology.forget();
      await publish(topic, body, false);
    }
  };

  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    await connection.ready();
    try {
      return await work();
    } catch (error) {
      throw error instanceof HoldfastError ? error : unavailable(error);
    }
  };

  const kept = (one: Running): Running => {
    running.add(one);
    return {
      async stop() {
        await one.stop();
        running.delete(one);
      },
    };
  };

  const broker: Broker = {
    async publish(topic, message) {
      if (over) throw closed();
      const body = JSON.stringify(message);
      await guarded(() => publish(topic, body));
    },

    async consume(topic, options, handler) {
      if (closing) throw closed();
      const named = log.child({ topic, group: options.group });
      const consumer = await guarded(() => Consumer.start({ ...options, connection, topic, handler, log: named }));
      const one = kept(consumer);
      if (!closing) return one;
      await one.stop();
      throw closed();
    },

    async listen(topic, handler) {
      if (closing) throw closed();
      return guarded(async () => {
        const subscription = nats.subscribe(topology.subject(topic), {
          callback: (error, { data }) => {
            const message = error ? undefined : parseMessage(data);
            if (message) hear(handler, message);
          },
        });
        await connection.flush();
        return kept({ stop: async () => subscription.unsubscribe() });
      });
    },

    async probe(signal) {
      if (over) throw closed();
      signal.throwIfAborted();
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      await Promise.race([aborted, guarded(() => connection.flush())]);
    },

    close() {
      closing ??= closeAll();
      return closing;
    },
  };

  function hear(handler: (message: BrokerMessage) => void, message: BrokerMessage): void {
    try {
      handler(message);
    } catch (error) {
      log.error({ err: error }, 'a listener failed');
    }
  }

  async function closeAll() {
    // What runs may still publish until it has ended.
    await Promise.all([...running].map((one) => one.stop()));
    over = true;
    await connection.close();
  }

  return broker;
};

const isNobodyThere = (error: unknown): boolean =>
  error instanceof NoRespondersError || (error as { cause?: unknown }).cause instanceof NoRespondersError;
