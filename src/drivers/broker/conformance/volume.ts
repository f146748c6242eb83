import { expect } from 'vitest';
import { BACKLOG } from '../port.ts';
import { collector, distinct, numbers, publishMany, upTo } from './messages.ts';
import type { BrokerLaw } from './place.ts';

/** Many messages: all of them come, or, where nobody takes them away, the newest. */
export function volumeLaws(law: BrokerLaw): void {
  law(
    'brings 10,000 messages to two instances',
    async ({ place }) => {
      const count = 10_000;
      const done = collector();
      for (const broker of [place.broker, await place.another()]) {
        await broker.consume('t', { group: 'g', concurrency: 20 }, async (message) => done.add(message));
      }
      await publishMany(place.broker, 't', count);
      await done.until(count);
      expect(distinct(done.messages)).toEqual(upTo(count));
    },
    240_000,
  );

  law(
    'keeps a bounded number of messages for a group that is away, and drops the oldest',
    async ({ place }) => {
      const count = BACKLOG + 1_500;
      const away = await place.broker.consume('t', { group: 'g', concurrency: 1 }, async () => {});
      await away.stop();
      await publishMany(place.broker, 't', count, 50);
      const got = collector();
      const newest = new Promise<void>((resolve) => {
        void place.broker.consume('t', { group: 'g', concurrency: 1 }, async (message) => {
          got.add(message);
          if (message.n === count - 1) resolve();
        });
      });
      await newest;
      const kept = numbers(got.messages);
      // A server may drop in blocks.
      expect(kept.length).toBeGreaterThanOrEqual(BACKLOG);
      expect(kept.length).toBeLessThanOrEqual(BACKLOG + 1_000);
      expect(kept).toEqual(upTo(count).slice(-kept.length));
    },
    240_000,
  );
}
