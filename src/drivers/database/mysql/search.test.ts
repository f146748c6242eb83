import { type Expression, type SqlBool, sql } from 'kysely';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Place } from '../../../../test/harness/engines/index.ts';
import { describeWithEngines, place } from '../../../../test/harness/engines/use.ts';
import type { Database, DatabaseServer, Migration } from '../port.ts';
import { open } from './testing.ts';

interface Tables {
  names: { id: string; owner: string; name: string | null; size: number };
}

const INDEX = { table: 'names', column: 'name', key: 'id' };

const NAMES: Migration = {
  name: '0001_names',
  async up(db, { search }) {
    await search
      .addKey(db.schema.createTable('names'), 'id', 'varchar(36)')
      .addColumn('owner', 'varchar(100)', (column) => column.notNull())
      .addColumn('name', 'varchar(1024)')
      .addColumn('size', 'bigint')
      .execute();
    await db.schema.createIndex('names_by_name').on('names').columns(['owner', 'name', 'id']).execute();
    await search.create(db, INDEX);
  },
};

describeWithEngines(['mysql'], 'the search for names on MySQL', () => {
  let here: Place;
  let server: DatabaseServer;
  let db: Database<Tables>;
  beforeEach(async () => {
    here = await place('mysql');
    server = await open(here.url);
    db = server.view();
    await db.migrate('names', [NAMES]);
    await db.unit(async (tx) => {
      for (const owner of ['many', 'other']) {
        const rows = Array.from({ length: 3000 }, (_, index) => ({
          id: `${owner}-${index}`,
          owner,
          size: index,
          name: index % 2 ? `photo ${index}.jpg` : `report %${index}_.pdf`,
        }));
        for (let from = 0; from < rows.length; from += 500) {
          await tx
            .insertInto('names')
            .values(rows.slice(from, from + 500))
            .execute();
        }
      }
      await tx.insertInto('names').values({ id: 'none', owner: 'many', name: null, size: 0 }).execute();
    });
    await db.unit((tx) => sql`analyze table names`.execute(tx));
  });
  afterEach(async () => {
    await server.close();
    await here.stop();
  });

  const list = (condition: Expression<SqlBool>, owner = 'many') =>
    db.reader.selectFrom('names').selectAll().where('owner', '=', owner).where(condition).orderBy('id');
  const among = (part: string, owner = 'many') =>
    db.dialect.search.matchesAmong(db.reader, INDEX, { column: 'owner', value: owner }, part);

  it('finds one, some, a thousand, more, all, and none', async () => {
    const { rows } = await sql<{
      id: string;
      name: string | null;
    }>`select id, name from names where owner = 'many'`.execute(db.reader);
    for (const part of ['photo 77.jpg', '%2', '_.pdf', 'photo 1', '0', 'photo', '.', '', 'Photo', 'nothing', 'a\0']) {
      const expected = rows.filter(({ name }) => name?.includes(part)).map(({ id }) => id);
      const found = (await list(await among(part)).execute()).map(({ id }) => id);
      expect(found, part).toEqual(expected.toSorted());
    }
    expect(await list(await among('photo'), 'other').execute()).toHaveLength(1500);
    expect(await list(await among('photo', 'nobody'), 'nobody').execute()).toEqual([]);
  });

  it('looks at the names in their index, and then at the rows that it names', async () => {
    const plan = async (statement: string, parameters: readonly unknown[]) => {
      const explained = await db.reader.executeQuery<{ key: string; Extra: string }>({
        ...sql`select 1`.compile(db.reader),
        sql: `explain ${statement}`,
        parameters,
      });
      return explained.rows;
    };
    const probe = 'select id from names where names.owner = ? and instr(names.name, cast(? as binary)) > 0 limit 1001';
    expect(await plan(probe, ['many', 'photo'])).toEqual([
      expect.objectContaining({ key: 'names_by_name', Extra: expect.stringContaining('Using index') }),
    ]);
    const { sql: statement, parameters } = list(await among('photo 77')).compile();
    expect(parameters.length).toBeLessThan(20);
    expect(await plan(statement, parameters)).toEqual([expect.objectContaining({ key: 'PRIMARY' })]);

    const page = list(db.dialect.beyond(['name', 'id'], '>', ['photo 1', 'many-1'], 'names_by_name')).limit(5);
    const behind = page.clearOrderBy().orderBy('name').orderBy('id').compile();
    expect(await plan(behind.sql, behind.parameters)).toEqual([
      // A range of the index, and not all of the owner's.
      expect.objectContaining({ key: 'names_by_name', type: 'range', Extra: expect.not.stringContaining('filesort') }),
    ]);
    const both = list(await among('photo 77')).where(db.dialect.beyond(['name'], '>', ['a'], 'names_by_name'));
    const named = both.compile();
    expect(await plan(named.sql, named.parameters)).toEqual([expect.objectContaining({ key: 'PRIMARY' })]);
  });
});
