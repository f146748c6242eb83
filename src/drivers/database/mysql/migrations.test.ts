import { type Kysely, sql } from 'kysely';
import { createConnection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Place } from '../../../../test/harness/engines/index.ts';
import { describeWithEngines, place } from '../../../../test/harness/engines/use.ts';
import { openProxy, type TcpProxy } from '../../../../test/harness/proxy.ts';
import type { DatabaseServer, Migration } from '../port.ts';
import { open } from './testing.ts';

interface Tables {
  things: { id: string; place: number | null };
}

/** What changes tables, what changes rows, and what only reads. */
const steps: readonly ((db: Kysely<Tables>) => Promise<unknown>)[] = [
  (db) =>
    db.schema
      .createTable('things')
      .addColumn('id', 'varchar(36)', (column) => column.primaryKey())
      .execute(),
  (db) => sql`insert into things (id) values ('a'), ('b'), ('c'), ('d')`.execute(db),
  (db) => db.schema.alterTable('things').addColumn('place', 'bigint').execute(),
  // Of rows in portions, until none is left: each portion is chosen by what is there.
  async (db) => {
    for (;;) {
      const rows = await db
        .selectFrom('things')
        .select('id')
        .where('place', 'is', null)
        .orderBy('id')
        .limit(2)
        .execute();
      if (rows.length === 0) return;
      const ids = rows.map(({ id }) => id);
      await db.updateTable('things').set({ place: 1 }).where('id', 'in', ids).execute();
    }
  },
  // The same statement twice: it counts twice.
  (db) =>
    db
      .updateTable('things')
      .set((eb) => ({ place: eb('place', '+', 1) }))
      .execute(),
  (db) =>
    db
      .updateTable('things')
      .set((eb) => ({ place: eb('place', '+', 1) }))
      .execute(),
  (db) => db.schema.createIndex('things_by_place').on('things').column('place').execute(),
  (db) => sql`create table things_copy as select id from things`.execute(db),
  (db) => db.schema.dropTable('things_copy').execute(),
];

const migration = (before: (step: number) => Promise<void>): Migration => ({
  name: '0001_things',
  async up(db) {
    for (const [number, step] of steps.entries()) {
      await before(number);
      await step(db);
    }
    await before(steps.length);
  },
});

describeWithEngines(['mysql'], 'migrations on MySQL that are cut off', () => {
  let here: Place;
  let line: TcpProxy;
  let server: DatabaseServer;
  beforeEach(async () => {
    here = await place('mysql');
    line = await openProxy(here.url);
    server = await open(line.url);
  });
  afterEach(async () => {
    await line.pass();
    await server.close();
    await line.stop();
    await here.stop();
  });

  const expectWhole = async (from: DatabaseServer) => {
    const { reader } = from.view<Tables>();
    const rows = await reader.selectFrom('things').selectAll().orderBy('place').orderBy('id').execute();
    expect(rows).toEqual(['a', 'b', 'c', 'd'].map((id) => ({ id, place: 3 })));
    const names = await sql<{ name: string }>`select table_name as name from information_schema.tables
      where table_schema = database()`.execute(reader);
    expect(names.rows.map(({ name }) => name).toSorted()).toEqual(['s_migration_steps', 's_migrations', 'things']);
    const left = await sql`select * from s_migration_steps`.execute(reader);
    expect(left.rows).toEqual([]);
  };
  const nothing = async () => {};

  it('go on where they were cut off, after any of their statements', async () => {
    for (let cut = 0; cut <= steps.length; cut++) {
      const cutOff = migration(async (step) => {
        if (step === cut) line.reset();
      });
      await expect(server.view().migrate('s', [cutOff])).rejects.toMatchObject({ code: 'unavailable' });
    }
    expect(await server.view().migrate('s', [migration(nothing)])).toEqual(['0001_things']);
    await expectWhole(server);
    expect(await server.view().migrate('s', [migration(nothing)])).toEqual([]);
  });

  it('go on where they threw', async () => {
    const thrown = new Error('stop');
    for (let cut = 0; cut <= steps.length; cut++) {
      const throwing = migration(async (step) => {
        if (step === cut) throw thrown;
      });
      await expect(server.view().migrate('s', [throwing])).rejects.toBe(thrown);
    }
    await server.view().migrate('s', [migration(nothing)]);
    await expectWhole(server);
  });

  it('know what the server has carried out when its answer was lost', async () => {
    const index = steps.findIndex((step) => String(step).includes('things_by_place'));
    // A reader of the table whose transaction stays open: the index waits for it.
    const holder = await createConnection(here.url);
    const building = migration(async (step) => {
      if (step !== index) return;
      await holder.query('start transaction');
      await holder.query('select * from things');
      setTimeout(() => line.reset(), 300);
    });
    await expect(server.view().migrate('s', [building])).rejects.toMatchObject({ code: 'unavailable' });
    await holder.query('rollback');
    const [noted] = await holder.query('select * from s_migration_steps where done = 0');
    expect(noted).toHaveLength(1);
    await holder.end();
    // The one whose connection is gone still has the lock, until it has seen that.
    expect(await server.view().migrate('s', [migration(nothing)])).toEqual(['0001_things']);
    await expectWhole(server);
  });

  it('do not take for done what somebody else has made', async () => {
    const other = await createConnection(here.url);
    await other.query('create table things (other int)');
    const migrating = () => server.view().migrate('s', [migration(nothing)]);
    await expect(migrating()).rejects.toThrow(/already exists/);
    await expect(migrating()).rejects.toThrow(/already exists/);
    await other.query('drop table things');
    await other.end();
    expect(await migrating()).toEqual(['0001_things']);
    await expectWhole(server);
  });

  it('are run by one of many instances, and by another where that one is cut off', async () => {
    const others = await Promise.all([1, 2, 3].map(() => open(here.url)));
    const cut = migration(async (step) => {
      if (step === 4) line.reset();
    });
    const cutOff = server
      .view()
      .migrate('s', [cut])
      .catch(() => ['cut off']);
    const ran = await Promise.all([cutOff, ...others.map((other) => other.view().migrate('s', [migration(nothing)]))]);
    expect(ran.flat().filter((name) => name !== 'cut off')).toEqual(['0001_things']);
    await expectWhole(others[0] as DatabaseServer);
    await Promise.all(others.map((other) => other.close()));
  });
});
