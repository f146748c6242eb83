import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { until } from '../../../../test/harness/until.ts';
import { consumerAndListener, expectGoesOn } from './going-on.ts';
import { collector, distinct, publishAll, publishUntilSeen, upTo } from './messages.ts';
import type { BrokerLaw } from './place.ts';

/** Milliseconds for a law that breaks something and waits for it to come back. */
const LONG = 120_000;

/** What the end of the server itself does to those who use it: nobody else may use it meanwhile. */
export function restartLaws(law: BrokerLaw): void {
  law(
    'keeps what was published through a restart of the server',
    async ({ place }) => {
      const both = await consumerAndListener(place.broker);
      const away = await place.broker.consume('t', { group: 'away', concurrency: 1 }, async () => {});
      await away.stop();
      await publishAll(place.broker, 't', 5, 10);
      // What one group has taken, and the server may have written down as taken, is still there for another.
      await both.taken.until(6);
      await pause(1_000);
      await place.faults.restart();
      await expectGoesOn(place.broker, both);
      const kept = collector();
      await place.broker.consume('t', { group: 'away', concurrency: 1 }, async (message) => kept.add(message));
      await until('what was published before', () => upTo(5).every((n) => distinct(kept.messages).includes(n + 10)));
    },
    LONG,
  );

  law(
    'goes on by itself with a server that has forgotten everything',
    async ({ place }) => {
      const both = await consumerAndListener(place.broker);
      const other = await consumerAndListener(await place.another(), 'h');
      await place.faults.wipe();
      await publishUntilSeen(place.broker, 't', other.heard, 500);
      await publishUntilSeen(place.broker, 't', other.taken, 600);
      await expectGoesOn(place.broker, both);
      const done = collector();
      await place.broker.consume('u', { group: 'g', concurrency: 2 }, async (message) => done.add(message));
      await publishAll(place.broker, 'u', 5);
      expect(distinct(await done.until(5))).toEqual(upTo(5));
    },
    LONG,
  );
}
