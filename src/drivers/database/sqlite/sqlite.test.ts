import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { outageLaws } from '../conformance/outages.ts';
import { SEARCH, TABLES, type Tables } from '../conformance/place.ts';
import { databaseConformance, namesOf } from '../conformance.ts';
import type { Migration } from '../port.ts';
import { openSqlite } from './index.ts';

const folder = () => mkdtemp(join(tmpdir(), 'holdfast-sqlite-'));
const log = pino({ level: 'silent' });

databaseConformance({
  name: 'SQLite',
  async start() {
    const dataDir = await folder();
    return { url: 'sqlite:', dataDir, stop: () => rm(dataDir, { recursive: true }) };
  },
  skip: [
    { reason: 'no line leads to a file, and no server stands behind it', tests: namesOf(outageLaws) },
    { reason: 'one unit runs at a time', tests: ['shows a unit what others commit while it goes on'] },
  ],
});

describe('a SQLite file', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await folder();
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  test('stands where the URL says, and alone once it is closed', async () => {
    for (const [url, path] of [
      ['sqlite:', 'holdfast.db'],
      [`sqlite:${dataDir}/a/b%20c.db`, 'a/b c.db'],
      [`sqlite://${dataDir}/d.db`, 'd.db'],
    ] as const) {
      const server = await openSqlite(url, { dataDir, log });
      await server.view().migrate('test', [TABLES]);
      expect((await stat(join(dataDir, path))).size).toBeGreaterThan(0);
      await server.close();
    }
    expect((await readdir(dataDir, { recursive: true })).toSorted()).toEqual(['a', 'a/b c.db', 'd.db', 'holdfast.db']);
  });

  test('is for its owner alone', async () => {
    const server = await openSqlite('sqlite:', { dataDir, log });
    await server.view().migrate('test', [TABLES]);
    for (const name of await readdir(dataDir)) expect((await stat(join(dataDir, name))).mode & 0o077, name).toBe(0);
    await server.close();
  });

  test('is refused with the reason when it cannot be one', async () => {
    await writeFile(join(dataDir, 'notes.txt'), 'no database, but long enough to be looked at as one. '.repeat(100));
    await expect(openSqlite(`sqlite:${dataDir}/notes.txt`, { dataDir, log })).rejects.toThrow(/not a database/);
    await expect(openSqlite(`sqlite:${dataDir}`, { dataDir, log })).rejects.toThrow(/cannot be opened/);
    await expect(openSqlite('sqlite::memory:', { dataDir, log })).rejects.toThrow(/expected sqlite:/);
    await expect(openSqlite('sqlite://host/db', { dataDir, log })).rejects.toThrow(/expected sqlite:/);
    await expect(openSqlite('sqlite:/100%', { dataDir, log })).rejects.toThrow(/expected sqlite:/);
  });

  test('is searched by the index for parts of three characters and more', async () => {
    const server = await openSqlite('sqlite:', { dataDir, log });
    const db = server.view<Tables>();
    await db.migrate('test', [TABLES, { name: '0002_search', up: (tx, dialect) => dialect.search.create(tx, SEARCH) }]);
    const plan = async (part: string) => {
      const query = db.reader.selectFrom('texts').select('id').where(db.dialect.search.matches(SEARCH, part));
      return JSON.stringify(await query.explain(undefined, sql`query plan`));
    };
    expect(await plan('abc')).toContain('VIRTUAL TABLE INDEX');
    expect(await plan('ab')).not.toContain('VIRTUAL TABLE INDEX');
    await server.close();
  });

  test('has an index of just the texts that are there', async () => {
    const server = await openSqlite('sqlite:', { dataDir, log });
    const db = server.view<Tables>();
    await db.migrate('test', [TABLES, { name: '0002_search', up: (tx, dialect) => dialect.search.create(tx, SEARCH) }]);
    const checked = () =>
      db.unit((tx) =>
        sql`insert into texts_body_search (texts_body_search, rank) values ('integrity-check', 1)`.execute(tx),
      );
    await db.unit(async (tx) => {
      for (const id of ['a', 'b', 'c'])
        await tx
          .insertInto('texts')
          .values({ id, body: `text ${id}` })
          .execute();
    });
    await checked();
    await db.unit(async (tx) => {
      await tx.updateTable('texts').set({ body: 'another' }).where('id', '=', 'a').execute();
      await tx.updateTable('texts').set({ body: null }).where('id', '=', 'b').execute();
      await tx.deleteFrom('texts').where('id', '=', 'c').execute();
    });
    await checked();
    await server.close();
  });

  test('can have a table rebuilt that others refer to, and refuses a migration that leaves orphans', async () => {
    const make: Migration = {
      name: '0001_make',
      async up(db) {
        await sql`create table parents (id text primary key)`.execute(db);
        await sql`create table children (parent text not null references parents (id) on delete cascade)`.execute(db);
        await sql`insert into parents values ('p')`.execute(db);
        await sql`insert into children values ('p')`.execute(db);
      },
    };
    const rebuild: Migration = {
      name: '0002_rebuild',
      async up(db) {
        await sql`create table parents_new (id text primary key, age integer)`.execute(db);
        await sql`insert into parents_new select id, 1 from parents`.execute(db);
        await sql`drop table parents`.execute(db);
        await sql`alter table parents_new rename to parents`.execute(db);
      },
    };
    const orphan: Migration = {
      name: '0003_orphan',
      up: async (db) => void (await sql`delete from parents`.execute(db)),
    };
    const server = await openSqlite('sqlite:', { dataDir, log });
    const db = server.view<{ children: { parent: string }; parents: { id: string } }>();
    await db.migrate('test', [make, rebuild]);
    expect(await db.reader.selectFrom('children').selectAll().execute()).toEqual([{ parent: 'p' }]);

    await expect(db.migrate('test', [make, rebuild, orphan])).rejects.toThrow('refer to rows that are not there');
    expect(await db.reader.selectFrom('parents').select('id').execute()).toEqual([{ id: 'p' }]);
    // Foreign keys are enforced again.
    await expect(db.unit((tx) => tx.insertInto('children').values({ parent: 'nobody' }).execute())).rejects.toThrow();
    await server.close();
  });
});
