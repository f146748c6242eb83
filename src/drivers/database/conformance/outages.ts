import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { expect } from 'vitest';
import { HoldfastError } from '../../../base/errors.ts';
import type { Law } from '../../laws.ts';
import type { Database } from '../port.ts';
import { addCounter, addTo, counterNames, namesAndSum, type Place, type Tables } from './place.ts';

/** Milliseconds for a law that breaks something and waits for it to come back. */
const LONG = 90_000;

const unavailable = expect.objectContaining({ code: 'unavailable', retryAfter: expect.any(Number) });

/** What a server that is away, cut off or back again does to those who use it. */
export function outageLaws(law: Law, place: Place): void {
  /** Lanes of units, each of which adds a row and counts it, until it is told to stop. Answers the rows answered for. */
  function startWriting(db: Database<Tables>) {
    let on = true;
    const answered: string[] = [];
    const refused: unknown[] = [];
    const lanes = Array.from({ length: 6 }, async (_, lane) => {
      for (let number = 0; on; number++) {
        const name = `${lane}-${number}`;
        try {
          await db.unit(async (tx) => {
            await addCounter(tx, name);
            await addTo(tx, 'sum', 1);
          });
          answered.push(name);
        } catch (error) {
          refused.push(error);
          // Whoever forgets to stop these leaves others their turn.
          await pause(1);
        }
      }
    });
    return {
      answered,
      refused,
      async stop() {
        on = false;
        await Promise.all(lanes);
      },
    };
  }

  /** All that was answered for is there, and each unit that is there is there once and whole. */
  async function checkRows({ answered, refused }: ReturnType<typeof startWriting>): Promise<void> {
    // A row that a unit wrote twice would have been refused as one that is there already.
    for (const error of refused) expect(error).toEqual(unavailable);
    const { names, sum } = await namesAndSum(place.db);
    const there = new Set(names);
    expect(answered.filter((name) => !there.has(name))).toEqual([]);
    expect(there.size - 1).toBe(sum);
    expect(sum - answered.length).toBeLessThanOrEqual(refused.length);
  }

  const begin = async (log?: pino.Logger) => {
    const db = (await place.atTheEndOfTheLine(log)).view<Tables>();
    await db.unit((tx) => addCounter(tx, 'sum'));
    return db;
  };

  law(
    'commits each unit once while its connections are cut again and again',
    async () => {
      const writing = startWriting(await begin());
      for (let round = 0; round < 25; round++) {
        await pause(5 + ((round * 37) % 80));
        place.faults.cut();
      }
      const soon = writing.answered.length;
      await expect.poll(() => writing.answered.length).toBeGreaterThan(soon + 10);
      await writing.stop();
      await checkRows(writing);
    },
    LONG,
  );

  law(
    'reads on while its connections are cut again and again',
    async () => {
      const db = await begin();
      let on = true;
      const lanes = Array.from({ length: 4 }, async () => {
        for (let read = 0; on; read++) expect(await counterNames(db), `${read}`).toEqual(['sum']);
      });
      for (let round = 0; round < 20; round++) {
        await pause(20);
        place.faults.cut();
      }
      on = false;
      await Promise.all(lanes);
    },
    LONG,
  );

  law(
    'loses and repeats nothing when the server is killed and started again amid units',
    async () => {
      const writing = startWriting(await begin());
      await expect.poll(() => writing.answered.length).toBeGreaterThan(20);
      await place.faults.restart();
      const soon = writing.answered.length;
      await expect.poll(() => writing.answered.length).toBeGreaterThan(soon + 10);
      await writing.stop();
      await checkRows(writing);
    },
    LONG,
  );

  law(
    'says soon that it is not available while the server is away, once in the log, and goes on when it is back',
    async () => {
      const said: string[] = [];
      const log = pino({ level: 'info' }, { write: (line: string) => void said.push(JSON.parse(line).msg) });
      const db = await begin(log);
      said.length = 0;
      await place.faults.refuse();
      const calls: (() => Promise<unknown>)[] = [
        () => db.unit((tx) => addTo(tx, 'sum', 1)),
        () => counterNames(db),
        () => db.probe(AbortSignal.timeout(10_000)),
      ];
      const since = performance.now();
      for (const refused of await Promise.allSettled(calls.map((call) => call()))) {
        expect(refused).toMatchObject({ status: 'rejected', reason: expect.any(HoldfastError) });
        expect((refused as PromiseRejectedResult).reason).toEqual(unavailable);
      }
      expect(performance.now() - since).toBeLessThan(30_000);
      await place.faults.mend();
      for (const call of calls) await expect.poll(() => call()).not.toBeNull();
      expect(await counterNames(db)).toEqual(['sum']);
      expect(said).toHaveLength(2);
    },
    LONG,
  );
}
