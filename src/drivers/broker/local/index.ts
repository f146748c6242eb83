import { HoldfastError } from '../../../base/errors.ts';
import type { Running } from '../../../base/lifecycle.ts';
import { outside } from '../../../base/tracing.ts';
import type { Broker, BrokerMessage, OpenBroker } from '../port.ts';
import { Group } from './group.ts';

interface Listener {
  readonly handler: (message: BrokerMessage) => void;
  stopped: boolean;
}

interface Topic {
  readonly groups: Map<string, Group>;
  readonly listeners: Set<Listener>;
}

/** `local:`: carries news within this process, and forgets all of it when the process ends. */
export const openLocal: OpenBroker = async (url, { log }) => {
  if (url !== 'local:') throw new Error('BROKER_URL: expected local: and nothing after it.');
  const topics = new Map<string, Topic>();
  const running = new Set<Running>();
  let closing: Promise<void> | undefined;
  let closed = false;

  const assertOpen = () => {
    if (closed) throw new HoldfastError('unavailable', 'The server is shutting down. Try again.', { retryAfter: 1 });
  };
  const topicOf = (name: string): Topic => {
    assertOpen();
    const topic = topics.get(name) ?? { groups: new Map(), listeners: new Set() };
    topics.set(name, topic);
    return topic;
  };
  const untilStopped = (stop: () => Promise<void>): Running => {
    const one = {
      stop: async () => {
        await stop();
        running.delete(one);
      },
    };
    running.add(one);
    return one;
  };

  const broker: Broker = {
    async publish(name, message) {
      const { groups, listeners } = topicOf(name);
      // As from another process: what comes of it is nothing that whoever publishes waits for.
      outside(() => {
        for (const group of groups.values()) group.add({ ...message });
        for (const listener of listeners) {
          const copy = { ...message };
          queueMicrotask(() => tell(listener, name, copy));
        }
      });
    },

    async consume(name, { group: groupName, concurrency }, handler) {
      const { groups } = topicOf(name);
      const group = groups.get(groupName) ?? new Group(log.child({ topic: name, group: groupName }));
      groups.set(groupName, group);
      const consumer = group.join(concurrency, handler);
      return untilStopped(() => consumer.stop());
    },

    async listen(name, handler) {
      const { listeners } = topicOf(name);
      const listener = { handler, stopped: false };
      listeners.add(listener);
      return untilStopped(async () => {
        listener.stopped = true;
        listeners.delete(listener);
      });
    },

    async probe(signal) {
      signal.throwIfAborted();
      assertOpen();
    },

    close() {
      closing ??= closeAll();
      return closing;
    },
  };

  function tell({ handler, stopped }: Listener, topic: string, message: BrokerMessage) {
    if (stopped) return;
    try {
      handler(message);
    } catch (error) {
      log.error({ err: error, topic }, 'a listener failed');
    }
  }

  async function closeAll() {
    // What runs may still publish until it has ended.
    await Promise.all([...running].map((one) => one.stop()));
    closed = true;
    for (const { groups } of topics.values()) for (const group of groups.values()) group.clear();
  }

  return broker;
};
