import { expect } from 'vitest';
import { until, within } from '../../../../test/harness/until.ts';
import { consumerAndListener, expectGoesOn } from './going-on.ts';
import { collector, distinct, expectRefused, publishAll, publishOnceBack, publishUntilSeen, upTo } from './messages.ts';
import type { BrokerLaw } from './place.ts';

/** Milliseconds for a law that breaks something and waits for it to come back. */
const LONG = 120_000;

/** What a server that is cut off, or back again, does to those who use it. */
export function outageLaws(law: BrokerLaw): void {
  law(
    'goes on by itself after its connections were cut',
    async ({ place }) => {
      const both = await consumerAndListener(place.broker);
      for (let round = 0; round < 3; round++) {
        await place.faults.cut();
        await expectGoesOn(place.broker, both);
        both.taken.messages.length = 0;
        both.heard.messages.length = 0;
      }
    },
    LONG,
  );

  law(
    'begins to consume and to listen though its connections are cut meanwhile',
    async ({ place }) => {
      const done = collector();
      const beginning = [
        place.broker.consume('t', { group: 'g', concurrency: 1 }, async (message) => done.add(message)),
        place.broker.listen('t', (message) => done.add(message)),
      ];
      await place.faults.cut();
      await Promise.all(beginning);
      await publishUntilSeen(place.broker, 't', done, 1);
    },
    LONG,
  );

  law(
    'loses nothing that it took while its connections are cut',
    async ({ place }) => {
      const done = collector();
      for (const broker of [place.broker, await place.another()]) {
        await broker.consume('t', { group: 'g', concurrency: 5 }, async (message) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          done.add(message);
        });
      }
      const took: number[] = [];
      for (let n = 0; n < 400; n++) {
        if (n % 80 === 40) await place.faults.cut();
        await place.broker.publish('t', { n }).then(
          () => took.push(n),
          () => {},
        );
      }
      const missing = () => {
        const came = new Set(distinct(done.messages));
        return took.filter((n) => !came.has(n));
      };
      await until('all that was taken', () => missing().length === 0, { within: 80_000 });
      expect(took.length).toBeGreaterThan(0);
    },
    LONG,
  );

  law(
    'refuses to publish while the server is away, goes on by itself afterwards, and says both once',
    async ({ place }) => {
      const both = await consumerAndListener(place.broker);
      expect(place.log).toEqual([]);
      await place.faults.refuse();
      for (let n = 0; n < 3; n++) await expectRefused(place.broker.publish('t', { n: 1 }));
      await expect(place.broker.probe(AbortSignal.timeout(5_000))).rejects.toThrow();
      await place.faults.mend();
      await expectGoesOn(place.broker, both);
      await until('the log to say that it is back', () => place.log.some(({ level }) => level === 'info'));
      expect(place.log.map(({ level }) => level)).toEqual(['warn', 'info']);
    },
    LONG,
  );

  law(
    'refuses to publish where nothing answers any more, and goes on by itself afterwards',
    async ({ place }) => {
      const both = await consumerAndListener(place.broker);
      await place.faults.freeze();
      await expectRefused(place.broker.publish('t', { n: 1 }));
      await expectRefused(place.broker.publish('t', { n: 1 }));
      await place.faults.mend();
      await expectGoesOn(place.broker, both);
    },
    LONG,
  );

  law(
    'notices by itself that nothing comes any more, also where it only listens',
    async ({ place }) => {
      const heard = collector();
      await place.broker.listen('t', (message) => heard.add(message));
      await place.faults.freeze();
      await until('the log to say that the connection went', () => place.log.some(({ level }) => level === 'warn'), {
        within: 60_000,
      });
      await place.faults.mend();
      await publishUntilSeen(place.broker, 't', heard, 1);
    },
    LONG,
  );

  law(
    'settles what was handled during an outage, and brings nothing again for long',
    async ({ place }) => {
      const begun = collector();
      let finish = () => {};
      const finished = new Promise<void>((resolve) => {
        finish = resolve;
      });
      const done = collector();
      await place.broker.consume('t', { group: 'g', concurrency: 2 }, async (message) => {
        begun.add(message);
        await finished;
        done.add(message);
      });
      await publishAll(place.broker, 't', 2);
      await begun.until(2);
      await place.faults.refuse();
      finish();
      await done.until(2);
      await place.faults.mend();
      await publishOnceBack(place.broker, 't', { n: 2 });
      await until('the new message', () => done.messages.some(({ n }) => n === 2));
      expect(distinct(done.messages)).toEqual(upTo(3));
    },
    LONG,
  );

  law(
    'stops and closes soon while the server is away',
    async ({ place }) => {
      const broker = await place.another();
      const begun = collector();
      const consumer = await broker.consume('t', { group: 'g', concurrency: 1 }, async (message, signal) => {
        begun.add(message);
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('going'))));
      });
      const listener = await broker.listen('t', () => {});
      await broker.publish('t', { n: 0 });
      await begun.until(1);
      await place.faults.freeze();
      await within(30_000, 'the consumer to stop', consumer.stop());
      await within(30_000, 'the listener to stop', listener.stop());
      await within(30_000, 'the broker to close', broker.close());
    },
    LONG,
  );
}
