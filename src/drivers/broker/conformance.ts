import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { lawsExcept, type Skip } from '../laws.ts';
import { openBroker } from './index.ts';
import type { Broker, BrokerMessage } from './port.ts';

interface BrokerUnderTest {
  readonly name: string;
  /** Starts a broker that carries nothing yet, or finds names in one that runs; each time another. */
  readonly start: () => Promise<{ url: string; stop(): Promise<void> }>;
  readonly skip?: readonly Skip[];
}

/** What every broker driver must keep: see `Broker` in port.ts. */
export function brokerConformance({ name, start, skip }: BrokerUnderTest): void {
  describe(`${name} keeps the laws of the broker port`, () => {
    const law = lawsExcept(skip);
    let started: Awaited<ReturnType<typeof start>>;
    let broker: Broker;
    beforeEach(async () => {
      started = await start();
      broker = await openBroker(started.url, { log: pino({ level: 'silent' }) });
    });
    afterEach(async () => {
      await broker.close();
      await started.stop();
    });

    const publishAll = async (topic: string, count: number) => {
      for (let n = 0; n < count; n++) await broker.publish(topic, { n });
    };
    const numbers = (messages: readonly BrokerMessage[]) =>
      messages.map(({ n }) => n as number).toSorted((a, b) => a - b);
    const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

    law('brings a message as it was published', async () => {
      const message = { fileId: 'é 😀', position: 2 ** 53 - 1, share: 0.5, last: true, none: '' };
      const heard = collector();
      const taken = collector();
      await broker.listen('t', (got) => heard.add(got));
      await broker.consume('t', { group: 'g', concurrency: 1 }, async (got) => taken.add(got));
      const sent = { ...message };
      const publishing = broker.publish('t', sent);
      sent.fileId = 'changed later';
      await publishing;
      expect(await heard.until(1)).toEqual([message]);
      expect(await taken.until(1)).toEqual([message]);
    });

    law('brings each message to one consumer of a group, and shares the work', async () => {
      const all = collector();
      const counts = [0, 0, 0];
      for (const member of counts.keys()) {
        await broker.consume('t', { group: 'g', concurrency: 2 }, async (message) => {
          counts[member] = (counts[member] ?? 0) + 1;
          await new Promise(setImmediate);
          all.add(message);
        });
      }
      await publishAll('t', 60);
      expect(numbers(await all.until(60))).toEqual(upTo(60));
      expect(Math.min(...counts)).toBeGreaterThan(0);
    });

    law('brings each message to every group, and to none of another topic', async () => {
      const first = collector();
      const second = collector();
      const elsewhere = collector();
      await broker.consume('t', { group: 'g', concurrency: 5 }, async (message) => first.add(message));
      await broker.consume('t', { group: 'h', concurrency: 5 }, async (message) => second.add(message));
      await broker.consume('t.other', { group: 'g', concurrency: 5 }, async (message) => elsewhere.add(message));
      await publishAll('t', 20);
      await broker.publish('t.other', { n: 99 });
      expect(numbers(await first.until(20))).toEqual(upTo(20));
      expect(numbers(await second.until(20))).toEqual(upTo(20));
      expect(numbers(await elsewhere.until(1))).toEqual([99]);
    });

    law('brings each message to every listener that is there, beside the groups', async () => {
      const ears = [collector(), collector(), collector()];
      const taken = collector();
      for (const ear of ears) await broker.listen('t', (message) => ear.add(message));
      await broker.consume('t', { group: 'g', concurrency: 5 }, async (message) => taken.add(message));
      await publishAll('t', 20);
      for (const ear of ears) expect(numbers(await ear.until(20))).toEqual(upTo(20));
      expect(numbers(await taken.until(20))).toEqual(upTo(20));
    });

    law('lets one listener fail without the others', async () => {
      const heard = collector();
      await broker.listen('t', () => {
        throw new Error('deaf');
      });
      await broker.listen('t', (message) => heard.add(message));
      await publishAll('t', 3);
      expect(numbers(await heard.until(3))).toEqual(upTo(3));
    });

    law('runs no more handlers at a time than asked for, and as many', async () => {
      const done = collector();
      let running = 0;
      let most = 0;
      await broker.consume('t', { group: 'g', concurrency: 3 }, async (message) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running--;
        done.add(message);
      });
      await publishAll('t', 30);
      await done.until(30);
      expect(most).toBe(3);
    });

    law('brings a message again when its handler threw, also at once, and the others meanwhile', async () => {
      const done = collector();
      const tries = new Map<number, number>();
      await broker.consume('t', { group: 'g', concurrency: 2 }, (message) => {
        const n = message.n as number;
        tries.set(n, (tries.get(n) ?? 0) + 1);
        if (n === 0 && tries.get(n) === 1) throw new Error('not yet, at once');
        if (n === 1 && (tries.get(n) ?? 0) <= 2) return Promise.reject(new Error('not yet'));
        done.add(message);
        return Promise.resolve();
      });
      await publishAll('t', 5);
      const order = await done.until(5);
      expect(numbers(order)).toEqual(upTo(5));
      expect(order.slice(0, 3).map(({ n }) => n)).toEqual([2, 3, 4]);
      expect([tries.get(0), tries.get(1)]).toEqual([2, 3]);
    });

    law('keeps for a group what comes while none of it is there', async () => {
      const done = collector();
      const first = await broker.consume('t', { group: 'g', concurrency: 1 }, async () => {});
      await first.stop();
      await publishAll('t', 5);
      await broker.consume('t', { group: 'g', concurrency: 1 }, async (message) => done.add(message));
      expect(numbers(await done.until(5))).toEqual(upTo(5));
    });

    law(
      'fires the signal of running handlers at a stop and waits for them; what they hand back, others get',
      async () => {
        const begun = collector();
        const ended = collector();
        const later = collector();
        const leaving = await broker.consume('t', { group: 'g', concurrency: 2 }, async (message, signal) => {
          begun.add(message);
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
          await new Promise(setImmediate);
          if (message.n === 0) throw new Error('somebody else, please');
          ended.add(message);
        });
        await publishAll('t', 5);
        expect(numbers(await begun.until(2))).toEqual([0, 1]);
        await Promise.all([leaving.stop(), leaving.stop()]);
        expect(ended.messages.map(({ n }) => n)).toEqual([1]);
        await broker.consume('t', { group: 'g', concurrency: 1 }, async (message) => later.add(message));
        expect(numbers(await later.until(4))).toEqual([0, 2, 3, 4]);
        expect(begun.messages).toHaveLength(2);
      },
    );

    law('brings nothing to a listener that has stopped', async () => {
      const gone = collector();
      const there = collector();
      const leaving = await broker.listen('t', (message) => gone.add(message));
      await broker.listen('t', (message) => there.add(message));
      await broker.publish('t', { n: 0 });
      await gone.until(1);
      await leaving.stop();
      await broker.publish('t', { n: 1 });
      await there.until(2);
      expect(numbers(gone.messages)).toEqual([0]);
    });

    law('takes messages that nobody wants', async () => {
      await publishAll('nobody', 100);
      await broker.probe(AbortSignal.timeout(5_000));
    });

    law('ends running handlers when it closes, and refuses what comes later', async () => {
      const begun = collector();
      const ended = collector();
      await broker.consume('t', { group: 'g', concurrency: 1 }, async (message, signal) => {
        begun.add(message);
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        await broker.publish('t', { n: 7 });
        ended.add(message);
      });
      await broker.publish('t', { n: 0 });
      await begun.until(1);
      await Promise.all([broker.close(), broker.close()]);
      expect(numbers(ended.messages)).toEqual([0]);
      for (const late of [
        broker.publish('t', { n: 1 }),
        broker.consume('t', { group: 'g', concurrency: 1 }, async () => {}),
        broker.listen('t', () => {}),
        broker.probe(AbortSignal.timeout(5_000)),
      ]) {
        await expect(late).rejects.toMatchObject({ code: 'unavailable' });
      }
    });

    law('can be probed while it is open', async () => {
      await broker.probe(AbortSignal.timeout(5_000));
      await expect(broker.probe(AbortSignal.abort())).rejects.toThrow();
    });
  });
}

/** Messages as they come, and a wait for so many of them. */
function collector() {
  const messages: BrokerMessage[] = [];
  let wake = () => {};
  return {
    messages,
    add(message: BrokerMessage): void {
      messages.push(message);
      wake();
    },
    async until(count: number): Promise<readonly BrokerMessage[]> {
      while (messages.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return messages;
    },
  };
}
