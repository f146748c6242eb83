import { DatabaseSync } from 'node:sqlite';
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { describe, expect, it } from 'vitest';
import { prepared, preparedInsert } from './prepared-query.ts';

interface Tables {
  things: { id: string; size: number; note: string | null };
}

type Ran = { sql: string; parameters: readonly unknown[] }[];

/** Notes what it is asked, and answers nothing. */
function recorder(dialect: 'sqlite' | 'postgres'): { db: Kysely<Tables>; ran: Ran } {
  const ran: Ran = [];
  const sqlite = dialect === 'sqlite';
  const adapter = sqlite ? new SqliteAdapter() : new PostgresAdapter();
  const db = new Kysely<Tables>({
    dialect: {
      createAdapter: () => adapter,
      createDriver: () => new DummyDriver(),
      createQueryCompiler: () => (sqlite ? new SqliteQueryCompiler() : new PostgresQueryCompiler()),
      createIntrospector: (db) => new SqliteIntrospector(db),
    },
    log: ({ query: { sql, parameters } }) => {
      ran.push({ sql, parameters });
    },
  });
  return { db, ran };
}

describe('prepared', () => {
  it('runs the query that Kysely would have built, with the values of each call', async () => {
    const { db, ran } = recorder('sqlite');
    const query = (on: Kysely<Tables>, { id, more }: { id: string; more: number }) =>
      on
        .updateTable('things')
        .set((eb) => ({ size: eb('size', '+', more), note: 'fixed' }))
        .where('id', '=', id);
    const run = prepared(query);
    for (const values of [
      { id: 'a', more: 1 },
      { id: 'b', more: 2 },
    ]) {
      await query(db, values).execute();
      await run(db, values);
    }
    expect(ran[1]).toEqual(ran[0]);
    expect(ran[3]).toEqual(ran[2]);
    expect(ran[3]?.parameters).toEqual([2, 'fixed', 'b']);
  });

  it('builds a query once, and once more for another kind of database', async () => {
    let built = 0;
    const run = prepared((db: Kysely<Tables>, { id }: { id: string }) => {
      built++;
      return db.selectFrom('things').select('size').where('id', '=', id);
    });
    const [one, other] = [recorder('sqlite'), recorder('postgres')];
    for (const { db } of [one, one, other, one, other]) await run(db, { id: 'x' });
    expect(built).toBe(2);
    expect(one.ran.at(-1)?.sql).toContain('= ?');
    expect(other.ran.at(-1)?.sql).toContain('= $1');
  });
});

describe('preparedInsert', () => {
  it('writes the columns that a row comes with, whichever came before', async () => {
    const { db, ran } = recorder('sqlite');
    const insert = preparedInsert<Tables, 'things'>('things');
    await insert(db, { id: 'a', size: 1, note: null });
    await insert(db, { size: 2, id: 'b' });
    await insert(db, { id: 'c', size: 3, note: 'n' });
    const file = new DatabaseSync(':memory:');
    file.exec(`create table things (id text, size integer, note text default 'none')`);
    for (const { sql, parameters } of ran) file.prepare(sql).run(...(parameters as string[]));
    expect(
      file
        .prepare('select id, size, note from things')
        .all()
        .map((row) => Object.values(row)),
    ).toEqual([
      ['a', 1, null],
      ['b', 2, 'none'],
      ['c', 3, 'n'],
    ]);
  });
});
