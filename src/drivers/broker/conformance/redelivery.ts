import { expect } from 'vitest';
import { until } from '../../../../test/harness/until.ts';
import type { Law } from '../../laws.ts';
import { MAX_ATTEMPTS } from '../port.ts';
import { collector, distinct, numbers, publishAll, publishMany, upTo } from './messages.ts';
import type { Place } from './place.ts';

/** What comes again: after a handler that threw, and after a consumer that died. */
export function redeliveryLaws(law: Law, place: Place): void {
  law('brings a message again when its handler threw, also at once, and the others meanwhile', async () => {
    const { broker } = place;
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
    await publishAll(broker, 't', 5);
    const order = await done.until(5);
    expect(numbers(order)).toEqual(upTo(5));
    expect(order.slice(0, 3).map(({ n }) => n)).toEqual([2, 3, 4]);
    expect([tries.get(0), tries.get(1)]).toEqual([2, 3]);
  });

  law('pauses longer before each try', async () => {
    const at: number[] = [];
    const tries = collector();
    await place.broker.consume('t', { group: 'g', concurrency: 1 }, async (message) => {
      at.push(performance.now());
      tries.add(message);
      if (at.length < 7) throw new Error('not yet');
    });
    await place.broker.publish('t', { n: 0 });
    await tries.until(7);
    const between = (from: number, to: number) => (at[to] ?? 0) - (at[from] ?? 0);
    // Chance has its part in each pause, and a busy machine too.
    expect(between(4, 6)).toBeGreaterThan(2 * between(0, 2));
  });

  law(
    'gives a message up after so many tries',
    async () => {
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
    async () => {
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
    async () => {
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
    async () => {
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
    async () => {
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
      await until('all messages', () => all().size === count, { within: 60_000 });
    },
    240_000,
  );
}
