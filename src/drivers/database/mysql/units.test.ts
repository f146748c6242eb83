import { sql } from 'kysely';
import { createConnection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Place } from '../../../../test/harness/engines/index.ts';
import { describeWithEngines, place } from '../../../../test/harness/engines/use.ts';
import { addCounter, addTo, counterNames, TABLES, type Tables } from '../conformance/place.ts';
import type { Database, DatabaseServer } from '../port.ts';
import { changed, open } from './testing.ts';

const unavailable = expect.objectContaining({ code: 'unavailable' });

describeWithEngines(['mysql'], 'units on MySQL', () => {
  let here: Place;
  let server: DatabaseServer;
  let db: Database<Tables>;
  const opened: DatabaseServer[] = [];
  const openWith = async (parameters: Record<string, string>) => {
    const url = changed(here.url, ({ searchParams }) => {
      for (const [name, value] of Object.entries(parameters)) searchParams.set(name, value);
    });
    const other = await open(url);
    opened.push(other);
    return other;
  };

  beforeEach(async () => {
    here = await place('mysql');
    server = await openWith({});
    db = server.view();
    await db.migrate('conformance', [TABLES]);
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
    await here.stop();
  });

  it('truncates nothing, whatever the settings of the server are', async () => {
    const long = 'é'.repeat(128);
    await expect(db.unit((tx) => addCounter(tx, long))).rejects.toThrow(/too long/i);
    await expect(db.unit((tx) => sql`update counters set value = 2e30`.execute(tx))).resolves.toBeDefined();
    await db.unit((tx) => addCounter(tx, 'a'));
    await expect(db.unit((tx) => sql`update counters set value = 2e30`.execute(tx))).rejects.toThrow(/out of range/i);
    await expect(db.unit((tx) => sql`update counters set value = 'x'`.execute(tx))).rejects.toThrow(/incorrect/i);
    const names = 'é'.repeat(127);
    await db.unit((tx) => addCounter(tx, names));
    expect(await counterNames(db)).toEqual(['a', names]);
  });

  it('runs again where another unit holds a row for too long, and gives up in the end', async () => {
    await db.unit((tx) => addCounter(tx, 'row'));
    const hurried = (await openWith({ lock_timeout: '1000' })).view<Tables>();
    const holder = await createConnection(here.url);
    await holder.query('start transaction');
    await holder.query("select * from counters where name = 'row' for update");
    let runs = 0;
    const waiting = hurried.unit((tx) => {
      runs += 1;
      if (runs === 3) void holder.query('rollback');
      return addTo(tx, 'row', 1);
    });
    expect(await waiting).toBe(1);
    expect(runs).toBe(3);
    await holder.end();
  });

  it('counts right when units deadlock', async () => {
    await db.unit(async (tx) => {
      for (const name of ['a', 'b', 'c']) await addCounter(tx, name);
    });
    let runs = 0;
    const orders = [
      ['a', 'b', 'c'],
      ['c', 'b', 'a'],
      ['b', 'c', 'a'],
    ];
    await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        db.unit(async (tx) => {
          runs += 1;
          for (const name of orders[index % 3] as string[]) await addTo(tx, name, 1);
        }),
      ),
    );
    expect(runs).toBeGreaterThan(30);
    const rows = await db.reader.selectFrom('counters').select('value').execute();
    expect(rows.map(({ value }) => value)).toEqual([30, 30, 30]);
  });

  it('passes over rows that others have locked where it is told to', async () => {
    for (const name of ['a', 'b', 'c']) await db.unit((tx) => addCounter(tx, name));
    const order: string[] = [];
    await db.unit(async (tx) => {
      order.push(...(await take(tx)));
      // Only a test may await something else than the unit's own database handle.
      await db.unit(async (other) => order.push(...(await take(other))));
    });
    expect(order.toSorted()).toEqual(['a', 'b']);
  });
  const take = async (tx: Database<Tables>['reader']) => {
    const query = tx.selectFrom('counters').select('name').orderBy('name').limit(1).forUpdate().skipLocked();
    return (await query.execute()).map(({ name }) => name);
  };

  it('inserts what is absent, and waits for another unit that is inserting the same', async () => {
    const add = (tx: Database<Tables>['reader'], names: string[], value: number) =>
      db.dialect.insertIfAbsent(
        tx,
        'counters',
        names.map((name) => ({ name, value })),
        ['name'],
      );
    await Promise.all(
      Array.from({ length: 10 }, (_, value) =>
        db.unit(async (tx) => {
          await add(tx, ['a', 'b'], value);
          await addTo(tx, 'a', 100);
        }),
      ),
    );
    const rows = await db.reader.selectFrom('counters').selectAll().orderBy('name').execute();
    expect(rows.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(Math.floor((rows[0]?.value ?? 0) / 100)).toBe(10);
    await expect(db.unit((tx) => add(tx, ['x'.repeat(256)], 1))).rejects.toThrow(/too long/i);
  });

  it('ends a statement that takes too long', async () => {
    const hurried = (await openWith({ statement_timeout: '200' })).view<Tables>();
    for (let name = 0; name < 3; name++) await db.unit((tx) => addCounter(tx, `${name}`));
    const slow = sql`select sleep(5) from counters`.execute(hurried.reader);
    // MySQL ends a sleep by waking it, without an error.
    const outcome = await slow.catch((error) => error);
    if (outcome instanceof Error) expect(outcome).toEqual(unavailable);
    expect(await counterNames(hurried)).toHaveLength(3);
  });

  it('serves more callers than it has connections', async () => {
    const narrow = (await openWith({ pool_size: '2' })).view<Tables>();
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        await narrow.unit((tx) => addCounter(tx, `${index}`));
        await narrow.now();
      }),
    );
    expect(await counterNames(narrow)).toHaveLength(100);
  });

  it('reads sums and counts as numbers', async () => {
    await db.unit(async (tx) => {
      await addCounter(tx, 'a', 2 ** 52);
      await addCounter(tx, 'b', 2 ** 52 - 1);
    });
    const totals = db.reader
      .selectFrom('counters')
      .select(({ fn }) => [
        fn.sum<number>('value').as('sum'),
        fn.countAll<number>().as('count'),
        fn.max('value').as('most'),
      ]);
    expect(await totals.executeTakeFirst()).toEqual({ sum: Number.MAX_SAFE_INTEGER, count: 2, most: 2 ** 52 });
    await db.unit((tx) => addCounter(tx, 'c', 1));
    await expect(totals.executeTakeFirst()).rejects.toThrow('over 2^53');
  });

  it('pages through an index by a comparison of several columns', async () => {
    await db.unit((tx) =>
      tx
        .insertInto('counters')
        .values(Array.from({ length: 30 }, (_, index) => ({ name: `n${index}`, value: index % 4 })))
        .execute(),
    );
    const all = await db.reader.selectFrom('counters').selectAll().orderBy('value').orderBy('name').execute();
    for (const [index, { name, value }] of all.entries()) {
      const from = (comparison: '<' | '>') =>
        db.reader
          .selectFrom('counters')
          .selectAll()
          .where(db.dialect.beyond(['value', 'name'], comparison, [value, name]))
          .orderBy('value')
          .orderBy('name')
          .execute();
      expect(await from('>')).toEqual(all.slice(index + 1));
      expect(await from('<')).toEqual(all.slice(0, index));
    }
  });
});
