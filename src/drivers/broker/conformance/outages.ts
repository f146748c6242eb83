import { expect } from 'vitest';
import { until, within } from '../../../../test/harness/until.ts';
import type { Law } from '../../laws.ts';
import { openBroker } from '../index.ts';
import type { Broker } from '../port.ts';
import {
  type Collector,
  collector,
  distinct,
  expectRefused,
  publishAll,
  publishOnceBack,
  publishUntilSeen,
  upTo,
} from './messages.ts';
import type { Place } from './place.ts';

/** Milliseconds for a law that breaks something and waits for it to come back. */
const LONG = 120_000;

/** What a server that is away, cut off or back again does to those who use it. */
export function outageLaws(law: Law, place: Place): void {
  /** A consumer and a listener that have each got a message. */
  const consumerAndListener = async (broker: Broker, group = 'g'): Promise<{ taken: Collector; heard: Collector }> => {
    const taken = collector();
    const heard = collector();
    await broker.consume('t', { group, concurrency: 2 }, async (message) => taken.add(message));
    await broker.listen('t', (message) => heard.add(message));
    await broker.publish('t', { n: 0 });
    await Promise.all([taken.until(1), heard.until(1)]);
    return { taken, heard };
  };
  const goesOn = async ({ taken, heard }: { taken: Collector; heard: Collector }) => {
    await publishUntilSeen(place.broker, 't', heard, 1_000);
    await publishUntilSeen(place.broker, 't', taken, 2_000);
  };

  law(
    'goes on by itself after its connections were cut',
    async () => {
      const both = await consumerAndListener(place.broker);
      for (let round = 0; round < 3; round++) {
        await place.faults.cut();
        await goesOn(both);
        both.taken.messages.length = 0;
        both.heard.messages.length = 0;
      }
    },
    LONG,
  );

  law(
    'loses nothing that it took while its connections are cut',
    async () => {
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
    async () => {
      const both = await consumerAndListener(place.broker);
      expect(place.log).toEqual([]);
      await place.faults.refuse();
      for (let n = 0; n < 3; n++) await expectRefused(place.broker.publish('t', { n: 1 }));
      await expect(place.broker.probe(AbortSignal.timeout(5_000))).rejects.toThrow();
      await place.faults.mend();
      await goesOn(both);
      await until('the log to say that it is back', () => place.log.some(({ level }) => level === 'info'));
      expect(place.log.map(({ level }) => level)).toEqual(['warn', 'info']);
    },
    LONG,
  );

  law(
    'refuses to publish where nothing answers any more, and goes on by itself afterwards',
    async () => {
      const both = await consumerAndListener(place.broker);
      await place.faults.freeze();
      await expectRefused(place.broker.publish('t', { n: 1 }));
      await expectRefused(place.broker.publish('t', { n: 1 }));
      await place.faults.mend();
      await goesOn(both);
    },
    LONG,
  );

  law(
    'notices by itself that nothing comes any more, also where it only listens',
    async () => {
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
    async () => {
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
      await until('the new message', () => done.messages.some(({ n }) => n === 2), { within: 60_000 });
      expect(distinct(done.messages)).toEqual(upTo(3));
    },
    LONG,
  );

  law(
    'stops and closes soon while the server is away',
    async () => {
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
      await within(15_000, 'the consumer to stop', consumer.stop());
      await within(15_000, 'the listener to stop', listener.stop());
      await within(15_000, 'the broker to close', broker.close());
    },
    LONG,
  );

  law(
    'keeps what was published through a restart of the server',
    async () => {
      const both = await consumerAndListener(place.broker);
      const away = await place.broker.consume('t', { group: 'away', concurrency: 1 }, async () => {});
      await away.stop();
      await publishAll(place.broker, 't', 5, 10);
      await place.faults.restart();
      await goesOn(both);
      const kept = collector();
      await place.broker.consume('t', { group: 'away', concurrency: 1 }, async (message) => kept.add(message));
      await until('what was published before', () => upTo(5).every((n) => distinct(kept.messages).includes(n + 10)));
    },
    LONG,
  );

  law(
    'goes on by itself with a server that has forgotten everything',
    async () => {
      const both = await consumerAndListener(place.broker);
      const other = await consumerAndListener(await place.another(), 'h');
      await place.faults.wipe();
      await publishUntilSeen(place.broker, 't', other.heard, 500);
      await publishUntilSeen(place.broker, 't', other.taken, 600);
      await goesOn(both);
      const done = collector();
      await place.broker.consume('u', { group: 'g', concurrency: 2 }, async (message) => done.add(message));
      await publishAll(place.broker, 'u', 5);
      expect(distinct(await done.until(5))).toEqual(upTo(5));
    },
    LONG,
  );

  law(
    'is refused at open, in one line without the password, by a server that does not know it',
    async () => {
      const url = place.started.wrongCredentialsUrl;
      if (!url) throw new Error('A broker without credentials skips this law.');
      const error = await openingError(url, place);
      expect(error.message).not.toContain(decodeURIComponent(new URL(url).password));
    },
    LONG,
  );

  law(
    'is refused at open, in one line, where there is no server',
    async () => {
      const url = new URL(place.started.url);
      url.port = '1';
      await openingError(url.href, place);
    },
    LONG,
  );

  law(
    'is refused at open, in one line, where nothing answers',
    async () => {
      await place.faults.freeze();
      await openingError(place.started.url, place);
    },
    LONG,
  );
}

/** What the operator reads: one line that names the setting, within a time in which somebody still waits. */
async function openingError(url: string, place: Place): Promise<Error> {
  const { pino } = await import('pino');
  const opening = openBroker(url, { log: pino({ level: 'silent' }) });
  const error = await within(30_000, 'the refusal', opening).then(
    async (broker) => {
      await broker.close();
      throw new Error('It was opened.');
    },
    (thrown: Error) => thrown,
  );
  expect(error.message).toMatch(/^BROKER_URL: [^\n]+$/);
  expect(place.log).toEqual([]);
  return error;
}
