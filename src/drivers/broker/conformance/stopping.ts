import { expect } from 'vitest';
import { collector, numbers, publishAll } from './messages.ts';
import type { BrokerLaw } from './place.ts';

/** What a stop, of one consumer or of all, waits for and hands back. */
export function stoppingLaws(law: BrokerLaw): void {
  law(
    'fires the signal of running handlers at a stop and waits for them; what they hand back, others get',
    async ({ place }) => {
      const { broker } = place;
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
      await publishAll(broker, 't', 5);
      expect(numbers(await begun.until(2))).toEqual([0, 1]);
      await Promise.all([leaving.stop(), leaving.stop()]);
      expect(ended.messages.map(({ n }) => n)).toEqual([1]);
      await broker.consume('t', { group: 'g', concurrency: 1 }, async (message) => later.add(message));
      expect(numbers(await later.until(4))).toEqual([0, 2, 3, 4]);
      expect(begun.messages).toHaveLength(2);
    },
  );

  law('hands what one instance gives up at its close to another that is there', async ({ place }) => {
    const leaving = await place.another();
    const begun = collector();
    const taken = collector();
    await leaving.consume('t', { group: 'g', concurrency: 3 }, async (message, signal) => {
      begun.add(message);
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('going'))));
    });
    await publishAll(place.broker, 't', 3);
    await begun.until(3);
    await place.broker.consume('t', { group: 'g', concurrency: 1 }, async (message) => taken.add(message));
    await leaving.close();
    expect(numbers(await taken.until(3))).toEqual([0, 1, 2]);
  });

  law('brings nothing to a listener that has stopped', async ({ place }) => {
    const { broker } = place;
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

  law('ends running handlers when it closes, and refuses what comes later', async ({ place }) => {
    const { broker } = place;
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
}
