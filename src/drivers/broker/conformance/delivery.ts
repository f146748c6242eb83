import { expect } from 'vitest';
import { collector, numbers, publishAll, upTo } from './messages.ts';
import type { BrokerLaw } from './place.ts';

/** Who gets which message, and what of it. */
export function deliveryLaws(law: BrokerLaw): void {
  law('brings a message as it was published', async ({ place }) => {
    const { broker } = place;
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

  law('brings each message to one consumer of a group, and shares the work', async ({ place }) => {
    const all = collector();
    const counts = [0, 0, 0];
    for (const member of counts.keys()) {
      await place.broker.consume('t', { group: 'g', concurrency: 2 }, async (message) => {
        counts[member] = (counts[member] ?? 0) + 1;
        await new Promise(setImmediate);
        all.add(message);
      });
    }
    await publishAll(place.broker, 't', 60);
    expect(numbers(await all.until(60))).toEqual(upTo(60));
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  law('shares the work of a group among instances, and brings all of it to listeners of each', async ({ place }) => {
    const brokers = [place.broker, await place.another(), await place.another()];
    const all = collector();
    const ears = brokers.map(() => collector());
    const counts = brokers.map(() => 0);
    for (const [instance, broker] of brokers.entries()) {
      await broker.listen('t', (message) => ears[instance]?.add(message));
      await broker.consume('t', { group: 'g', concurrency: 2 }, async (message) => {
        counts[instance] = (counts[instance] ?? 0) + 1;
        await new Promise((resolve) => setTimeout(resolve, 1));
        all.add(message);
      });
    }
    await publishAll(place.broker, 't', 60);
    expect(numbers(await all.until(60))).toEqual(upTo(60));
    expect(Math.min(...counts)).toBeGreaterThan(0);
    for (const ear of ears) expect(numbers(await ear.until(60))).toEqual(upTo(60));
  });

  law('brings each message to every group, and to none of another topic', async ({ place }) => {
    const { broker } = place;
    const first = collector();
    const second = collector();
    const elsewhere = collector();
    await broker.consume('t', { group: 'g', concurrency: 5 }, async (message) => first.add(message));
    await broker.consume('t', { group: 'h', concurrency: 5 }, async (message) => second.add(message));
    await broker.consume('t.other', { group: 'g', concurrency: 5 }, async (message) => elsewhere.add(message));
    await publishAll(broker, 't', 20);
    await broker.publish('t.other', { n: 99 });
    expect(numbers(await first.until(20))).toEqual(upTo(20));
    expect(numbers(await second.until(20))).toEqual(upTo(20));
    expect(numbers(await elsewhere.until(1))).toEqual([99]);
  });

  law('keeps apart groups whose names and topics make the same words', async ({ place }) => {
    const { broker } = place;
    const first = collector();
    const second = collector();
    await broker.consume('t', { group: 'o.g', concurrency: 1 }, async (message) => first.add(message));
    await broker.consume('t.o', { group: 'g', concurrency: 1 }, async (message) => second.add(message));
    await publishAll(broker, 't', 20);
    await publishAll(broker, 't.o', 20, 50);
    expect(numbers(await first.until(20))).toEqual(upTo(20));
    expect(numbers(await second.until(20))).toEqual(upTo(20).map((n) => n + 50));
  });

  law('brings each message to every listener that is there, beside the groups', async ({ place }) => {
    const { broker } = place;
    const ears = [collector(), collector(), collector()];
    const taken = collector();
    for (const ear of ears) await broker.listen('t', (message) => ear.add(message));
    await broker.consume('t', { group: 'g', concurrency: 5 }, async (message) => taken.add(message));
    await publishAll(broker, 't', 20);
    for (const ear of ears) expect(numbers(await ear.until(20))).toEqual(upTo(20));
    expect(numbers(await taken.until(20))).toEqual(upTo(20));
  });

  law('lets one listener fail without the others', async ({ place }) => {
    const { broker } = place;
    const heard = collector();
    await broker.listen('t', () => {
      throw new Error('deaf');
    });
    await broker.listen('t', (message) => heard.add(message));
    await publishAll(broker, 't', 3);
    expect(numbers(await heard.until(3))).toEqual(upTo(3));
  });

  law('runs no more handlers at a time than asked for, and as many', async ({ place }) => {
    const { broker } = place;
    const done = collector();
    let running = 0;
    let most = 0;
    const full = Promise.withResolvers<void>();
    await broker.consume('t', { group: 'g', concurrency: 3 }, async (message) => {
      most = Math.max(most, ++running);
      if (running === 3) full.resolve();
      // However slowly they are delivered, as many come to run as may.
      await full.promise;
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      done.add(message);
    });
    await publishAll(broker, 't', 30);
    await done.until(30);
    expect(most).toBe(3);
  });

  law('keeps for a group what comes while none of it is there', async ({ place }) => {
    const { broker } = place;
    const done = collector();
    const first = await broker.consume('t', { group: 'g', concurrency: 1 }, async () => {});
    await first.stop();
    await publishAll(broker, 't', 5);
    await broker.consume('t', { group: 'g', concurrency: 1 }, async (message) => done.add(message));
    expect(numbers(await done.until(5))).toEqual(upTo(5));
  });

  law('takes messages that nobody wants', async ({ place }) => {
    await publishAll(place.broker, 'nobody', 100);
    await place.broker.probe(AbortSignal.timeout(5_000));
  });

  law('can be probed while it is open', async ({ place }) => {
    await place.broker.probe(AbortSignal.timeout(5_000));
    await expect(place.broker.probe(AbortSignal.abort())).rejects.toThrow();
  });
}
