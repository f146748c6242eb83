import { sql } from 'kysely';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeWithEngines, place } from '../../../../test/harness/engines/use.ts';
import { openProxy } from '../../../../test/harness/proxy.ts';
import { addCounter, addTo, counterNames, TABLES, type Tables } from '../conformance/place.ts';
import type { Database, DatabaseServer, Migration } from '../port.ts';
import { open, withParameters } from './testing.ts';

const unavailable = expect.objectContaining({ code: 'unavailable', retryAfter: expect.any(Number) });

describeWithEngines(['postgres'], 'PostgreSQL', () => {
  const closers: (() => Promise<void>)[] = [];
  let url: string;

  beforeEach(async () => {
    const here = await place('postgres');
    closers.push(here.stop);
    url = here.url;
  });
  afterEach(async () => {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  });

  async function openBare(parameters: Readonly<Record<string, string>>): Promise<Database<Tables>> {
    const server: DatabaseServer = await open(withParameters(url, parameters));
    closers.push(() => server.close());
    return server.view<Tables>();
  }

  async function openWith(parameters: Readonly<Record<string, string>>): Promise<Database<Tables>> {
    const db = await openBare(parameters);
    await db.migrate('conformance', [TABLES]);
    return db;
  }

  it('ends statements that take too long, in a unit and in a read', async () => {
    const db = await openWith({ statement_timeout: '200' });
    await expect(sql`select pg_sleep(30)`.execute(db.reader)).rejects.toEqual(unavailable);
    await expect(db.unit((tx) => sql`select pg_sleep(30)`.execute(tx))).rejects.toEqual(unavailable);
    await db.unit((tx) => addCounter(tx, 'after'));
  });

  it('gives a server up that takes statements and does not answer', async () => {
    const line = await openProxy(url);
    closers.push(() => line.stop());
    url = line.url;
    const db = await openWith({ statement_timeout: '200', connect_timeout: '1' });
    await db.unit((tx) => addCounter(tx, 'a'));
    line.freeze();
    const calls = [counterNames(db), db.unit((tx) => addTo(tx, 'a', 1))];
    for (const call of await Promise.allSettled(calls))
      expect(call).toMatchObject({ status: 'rejected', reason: unavailable });
    await line.pass();
    expect(await db.unit((tx) => addTo(tx, 'a', 1))).toBe(1);
  });

  it('lets a unit wait for a lock as long as a statement may take', async () => {
    const db = await openWith({ statement_timeout: '300' });
    await db.unit((tx) => addCounter(tx, 'a'));
    await db.unit(async (tx) => {
      await addTo(tx, 'a', 1);
      // Only a test may await something else than the unit's own database handle.
      await expect(db.unit((other) => addTo(other, 'a', 1))).rejects.toEqual(unavailable);
    });
    expect(await db.unit((tx) => addTo(tx, 'a', 1))).toBe(2);
  });

  it('has an instance wait for the migration of another longer than a statement may take', async () => {
    const one = await openBare({ statement_timeout: '200' });
    const other = await openBare({ statement_timeout: '200' });
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const slow: Migration = {
      name: '0001_slow',
      async up(tx) {
        begin();
        // A server that does not end a statement in time is given up 5 s later.
        await sql`select pg_sleep(6)`.execute(tx);
      },
    };
    const first = one.migrate('slow', [slow]);
    await begun;
    expect(await Promise.all([first, other.migrate('slow', [slow])])).toEqual([['0001_slow'], []]);
  });

  it('waits until a commit is durable, though the server would not', async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit = off`);
    await client.end();
    for (const pgbouncer of ['false', 'true']) {
      const db = await openWith({ pgbouncer });
      const { rows } = await db.unit((tx) => sql`select current_setting('synchronous_commit') as commits`.execute(tx));
      expect(rows).toEqual([{ commits: 'on' }]);
    }
  });

  it('has many units wait for few connections, in turn', async () => {
    const db = await openWith({ pool_size: '2' });
    await db.unit((tx) => addCounter(tx, 'sum'));
    await Promise.all(Array.from({ length: 50 }, () => db.unit((tx) => addTo(tx, 'sum', 1))));
    expect(await db.unit((tx) => addTo(tx, 'sum', 0))).toBe(50);
  });

  it('works where a pooler takes neither names of statements nor settings of sessions', async () => {
    const db = await openWith({ pgbouncer: 'true', statement_timeout: '200' });
    for (let round = 0; round < 5; round++) await db.unit((tx) => addCounter(tx, `${round}`));
    const named = await sql<{ names: number }>`select count(*) as names from pg_prepared_statements`.execute(db.reader);
    expect(named.rows).toEqual([{ names: 0 }]);
    await expect(db.unit((tx) => sql`select pg_sleep(30)`.execute(tx))).rejects.toEqual(unavailable);
    await expect(addCounter(db.reader, 'x')).rejects.toThrow('A reader does not write');
    expect(await counterNames(db)).toHaveLength(5);
  });

  it('goes on where a migration has changed a table whose statements are prepared', async () => {
    const db = await openWith({});
    const read = () => db.reader.selectFrom('counters').selectAll().execute();
    const locked = () => db.unit((tx) => tx.selectFrom('counters').selectAll().forUpdate().execute());
    await db.unit((tx) => addCounter(tx, 'a'));
    for (let round = 0; round < 8; round++) {
      await read();
      await locked();
    }
    await db.migrate('conformance', [
      TABLES,
      {
        name: '0002_more',
        up: (tx) => tx.schema.alterTable('counters').addColumn('more', 'text').execute(),
      },
    ]);
    expect(await read()).toEqual([{ name: 'a', value: 0, more: null }]);
    expect(await locked()).toEqual([{ name: 'a', value: 0, more: null }]);
  });

  it('prepares what comes again, and compares lists of any length by one statement', async () => {
    const db = await openWith({ pool_size: '2' });
    const names = async (...list: string[]) =>
      (await db.reader.selectFrom('counters').select('name').where('name', 'in', list).execute()).length;
    await db.unit(async (tx) => {
      for (const name of ['a', 'b,"{}', "c'\\"]) await addCounter(tx, name);
    });
    expect([
      await names('a'),
      await names('a', 'b,"{}'),
      await names('a', 'b,"{}', "c'\\", 'd'),
      await names(),
    ]).toEqual([1, 2, 3, 0]);
    const prepared = await sql<{ statement: string }>`select statement from pg_prepared_statements`.execute(db.reader);
    expect(prepared.rows.filter(({ statement }) => statement.includes('any('))).toHaveLength(1);
    const others = db.reader.selectFrom('counters').select('name').where('name', 'not in', ['a', 'x']);
    expect(await others.execute()).toHaveLength(2);
  });
});
