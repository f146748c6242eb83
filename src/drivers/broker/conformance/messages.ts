import { expect } from 'vitest';
import { until } from '../../../../test/harness/until.ts';
import type { Broker, BrokerMessage } from '../port.ts';

/** Messages as they come, and a wait for so many of them. */
export interface Collector {
  readonly messages: BrokerMessage[];
  add(message: BrokerMessage): void;
  until(count: number): Promise<readonly BrokerMessage[]>;
}

export function collector(): Collector {
  const messages: BrokerMessage[] = [];
  let wake = () => {};
  return {
    messages,
    add(message) {
      messages.push(message);
      wake();
    },
    async until(count) {
      while (messages.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return messages;
    },
  };
}

export async function publishAll(broker: Broker, topic: string, count: number, from = 0): Promise<void> {
  for (let n = from; n < from + count; n++) await broker.publish(topic, { n });
}

/** Publishes many at a time, as many requests do. */
export async function publishMany(broker: Broker, topic: string, count: number, atATime = 100): Promise<void> {
  let next = 0;
  const publisher = async () => {
    while (next < count) await broker.publish(topic, { n: next++ });
  };
  await Promise.all(Array.from({ length: atATime }, publisher));
}

export const numbers = (messages: readonly BrokerMessage[]): number[] =>
  messages.map(({ n }) => n as number).toSorted((a, b) => a - b);

/** The numbers that came, each once: for where a message may come twice. */
export const distinct = (messages: readonly BrokerMessage[]): number[] => [...new Set(numbers(messages))];

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Publishes until one goes through: while a driver finds back to its server, it refuses. */
export async function publishOnceBack(broker: Broker, topic: string, message: BrokerMessage): Promise<void> {
  await until(
    'a message to go through',
    async () => {
      await broker.publish(topic, message);
      return true;
    },
    { within: 60_000, every: 100 },
  );
}

/**
 * Publishes, again and again and each time another number, until `seen` has got one of those: for what may be lost
 * while connections are made anew.
 */
export async function publishUntilSeen(broker: Broker, topic: string, seen: Collector, from: number): Promise<void> {
  let n = from;
  await until(
    `news of ${topic}`,
    async () => {
      await broker.publish(topic, { n: n++ });
      return seen.messages.some((message) => (message.n as number) >= from);
    },
    { within: 60_000, every: 100 },
  );
}

/** Milliseconds within which a publisher hears that the server is away: a few seconds, and what a busy machine takes. */
const SOON = 30_000;

export async function expectRefused(publishing: Promise<void>): Promise<void> {
  const since = performance.now();
  await expect(publishing).rejects.toMatchObject({ code: 'unavailable' });
  expect(performance.now() - since).toBeLessThan(SOON);
}
