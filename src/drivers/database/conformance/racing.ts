import { expect } from 'vitest';
import type { Law } from '../../laws.ts';
import type { Database } from '../port.ts';
import { addCounter, addTo, counterNames, type Place, type Tables } from './place.ts';

/** Units that want the same at once. */
export function racingLaws(law: Law, place: Place): void {
  const many = <R>(count: number, action: (number: number) => Promise<R>) =>
    Promise.all(Array.from({ length: count }, (_, number) => action(number)));
  const twoServers = async () => [place.db, (await place.another()).view<Tables>()] as const;

  law('makes a row once that many units make and lock at once', async () => {
    const servers = await twoServers();
    await many(40, (number) =>
      (servers[number % 2] as Database<Tables>).unit(async (tx) => {
        const { dialect } = place.db;
        await dialect.insertIfAbsent(tx, 'counters', [{ name: 'first', value: 0 }], ['name']);
        await addTo(tx, 'first', 1);
      }),
    );
    expect(await place.db.reader.selectFrom('counters').selectAll().execute()).toEqual([{ name: 'first', value: 40 }]);
  });

  law('inserts what is absent, and leaves what is there as it is', async () => {
    const { db } = place;
    await db.unit((tx) => addCounter(tx, 'b', 7));
    const rows = ['a', 'b', 'c'].map((name) => ({ name, value: 1 }));
    await db.unit((tx) => db.dialect.insertIfAbsent(tx, 'counters', rows, ['name']));
    await db.unit((tx) => db.dialect.insertIfAbsent(tx, 'counters', [], ['name']));
    const there = await db.reader.selectFrom('counters').selectAll().orderBy('name').execute();
    expect(there.map(({ value }) => value)).toEqual([1, 7, 1]);
  });

  law('hands each row to one of many workers that claim what nobody has locked', async () => {
    const names = Array.from({ length: 120 }, (_, number) => `job ${number}`);
    await place.db.unit(async (tx) => {
      await tx
        .insertInto('counters')
        .values(names.map((name) => ({ name, value: 0 })))
        .execute();
    });
    const servers = await twoServers();
    const claim = (db: Database<Tables>) =>
      db.unit(async (tx) => {
        const free = tx.selectFrom('counters').select('name').where('value', '=', 0).orderBy('name').limit(4);
        const claimed = (await free.forUpdate().skipLocked().execute()).map(({ name }) => name);
        if (claimed.length > 0) {
          await tx.updateTable('counters').set({ value: 1 }).where('name', 'in', claimed).execute();
        }
        return claimed;
      });
    const work = async (number: number) => {
      const taken: string[] = [];
      for (;;) {
        const claimed = await claim(servers[number % 2] as Database<Tables>);
        // What others had locked meanwhile they have taken.
        if (claimed.length === 0) return taken;
        taken.push(...claimed);
      }
    };
    const taken = (await many(8, work)).flat();
    expect(taken.toSorted()).toEqual(names.toSorted());
  });

  law('shows a unit what others commit while it goes on', async () => {
    const [db, other] = await twoServers();
    const seen = await db.unit(async (tx) => {
      const before = await tx.selectFrom('counters').select('name').execute();
      // Only a test may await something else than the unit's own database handle.
      await other.unit((tx2) => addCounter(tx2, `after ${before.length}`));
      const after = await tx.selectFrom('counters').select('name').execute();
      return [before.length, after.length];
    });
    expect(seen).toEqual([0, 1]);
  });

  law('shows a unit that waited for a lock what the other wrote', async () => {
    const servers = await twoServers();
    await place.db.unit((tx) => addCounter(tx, 'sum'));
    await many(20, (number) => (servers[number % 2] as Database<Tables>).unit((tx) => addTo(tx, 'sum', number)));
    expect(await place.db.unit((tx) => addTo(tx, 'sum', 0))).toBe(190);
  });

  law('finds nothing to lock where another has removed the row meanwhile', async () => {
    const servers = await twoServers();
    await place.db.unit((tx) => addCounter(tx, 'once'));
    const removed = await many(10, (number) =>
      (servers[number % 2] as Database<Tables>).unit(async (tx) => {
        const row = await tx.selectFrom('counters').select('name').where('name', '=', 'once').forUpdate().execute();
        await tx.deleteFrom('counters').where('name', '=', 'once').execute();
        return row.length;
      }),
    );
    expect(removed.reduce((sum, rows) => sum + rows, 0)).toBe(1);
    expect(await counterNames(place.db)).toEqual([]);
  });

  law('reads soon, where it may lag, what was committed', async () => {
    await place.db.unit((tx) => addCounter(tx, 'a'));
    const read = () => place.db.laggingReader.selectFrom('counters').select('name').execute();
    await expect.poll(read).toEqual([{ name: 'a' }]);
    await expect(addCounter(place.db.laggingReader, 'b')).rejects.toThrow();
  });
}
