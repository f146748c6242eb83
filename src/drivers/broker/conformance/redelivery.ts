import { expect } from 'vitest';
import { until } from '../../../../test/harness/until.ts';
import { backoff } from '../../../base/backoff.ts';
import { MAX_ATTEMPTS, RETRY } from '../port.ts';
import { collector, distinct, numbers, publishAll, publishMany, upTo } from './messages.ts';
import type { BrokerLaw } from './place.ts';

/** What comes again: after a handler that threw, and after a consumer that died. */
export function redeliveryLaws(law: BrokerLaw): void {
  law('brings a message again when its handler threw, also at once, and the others meanwhile', async ({ place }) => {
    const { broker } = place;
    const done = collector();
    const tries = new Map<number, number>();
    await broker.consume('t', { group: 'g', concurrency: 2 }, (message) => {
      const n = message.n as number;
      tries.set(n, (tries.get(n) ?? 0) + 1);
      // Fail until the others were handled, which must not wait for them.
      const isEarly = n < 2 && (tries.get(n) === 1 || done.messages.length < 3);
      if (isEarly && n === 0) throw new Error('not yet, at once');
      if (isEarly) return Promise.reject(new Error('not yet'));
      done.add(message);
      return Promise.resolve();
    });
    await publishAll(broker, 't', 5);
    expect(numbers(await done.until(5))).toEqual(upTo(5));
  });

  law('pauses longer before each try', async ({ place }) => {
    const at: number[] = [];
    const tries = collector();
    await place.broker.consume('t', { group: 'g', concurrency: 1 }, async (message) => {
      at.push(performance.now());
      tries.add(message);
      if (at.length < 7) throw new Error('not yet');
    });
    await place.broker.publish('t', { n: 0 });
    await tries.until(7);
    // The server waits no shorter than it was told to, give or take its clock; how much longer depends on the machine.
    for (const attempt of upTo(6)) {
      const paused = (at[attempt + 1] ?? 0) - (at[attempt] ?? 0);
      expect(paused).toBeGreaterThan(0.9 * backoff(attempt + 1, RETRY, 0));
    }
  });

  law(
    'gives a message up after so many tries',
    async ({ place }) => {
      const tries = collector();
      const others = collector();
      await place.broker.consume('t', { group: 'g', concurrency: 2 }, async (message) => {
        if (message.n === 1) return others.add(message);
        tries.add(message);
        throw new Error('never');
      });
      await place.broker.publish('t', { n: 0 });
      await until('the message to be given up', () => place.log.some(({ msg }) => msg === 'a message was given up'), {
        within: 90_000,
      });
      expect(tries.messages).toHaveLength(MAX_ATTEMPTS);
      await place.broker.publish('t', { n: 1 });
      await others.until(1);
      expect(tries.messages).toHaveLength(MAX_ATTEMPTS);
    },
    240_000,
  );

  law(
    'brings again what a process held that was killed',
    async ({ place }) => {
      const other = await place.otherProcess('t', 'g');
      await place.broker.publish('t', { n: 0, hold: true });
      await other.untilBegun(1);
      const taken = collector();
      await place.broker.consume('t', { group: 'g', concurrency: 1 }, async (message) => taken.add(message));
      await other.kill();
      expect(await taken.until(1)).toEqual([{ n: 0, hold: true }]);
    },
    240_000,
  );

  law(
    'brings again what a process held that stands still, and bears that it wakes',
    async ({ place }) => {
      const other = await place.otherProcess('t', 'g');
      await place.broker.publish('t', { n: 0, hold: true });
      await other.untilBegun(1);
      other.freeze();
      const taken = collector();
      await place.broker.consume('t', { group: 'g', concurrency: 1 }, async (message) => taken.add(message));
      expect(await taken.until(1)).toEqual([{ n: 0, hold: true }]);
      other.wake();
      await place.broker.publish('t', { n: 1 });
      await until('the next message', () => taken.messages.some(({ n }) => n === 1) || other.done.includes(1));
    },
    240_000,
  );

  law(
    'leaves a message with a handler that takes long',
    async ({ place }) => {
      const tries = collector();
      const done = collector();
      const another = await place.another();
      for (const broker of [place.broker, another]) {
        await broker.consume('t', { group: 'g', concurrency: 2 }, async (message) => {
          tries.add(message);
          // Longer than any driver lets a consumer be silent before it takes it for dead.
          await new Promise((resolve) => setTimeout(resolve, 40_000));
          done.add(message);
        });
      }
      await place.broker.publish('t', { n: 0 });
      await done.until(1);
      expect(tries.messages).toHaveLength(1);
    },
    240_000,
  );

  law(
    'loses nothing when one of many who race for it is killed',
    async ({ place }) => {
      const count = 600;
      const done = collector();
      const other = await place.otherProcess('t', 'g');
      for (const broker of [place.broker, await place.another()]) {
        await broker.consume('t', { group: 'g', concurrency: 3 }, async (message) => {
          await new Promise((resolve) => setTimeout(resolve, 2));
          done.add(message);
        });
      }
      const publishing = publishMany(place.broker, 't', count);
      await other.untilBegun(10);
      await other.kill();
      await publishing;
      const all = () => new Set([...other.done, ...distinct(done.messages)]);
      await until('all messages', () => all().size === count);
    },
    240_000,
  );
}
