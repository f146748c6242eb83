import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Place } from '../../../../test/harness/engines/index.ts';
import { describeWithEngines, place } from '../../../../test/harness/engines/use.ts';
import type { Database, DatabaseServer, Migration } from '../port.ts';
import { open } from './testing.ts';

interface Tables {
  names: { id: string; name: string | null };
}

const INDEX = { table: 'names', column: 'name', key: 'id' };

const NAMES: Migration = {
  name: '0001_names',
  async up(db, dialect) {
    const table = dialect.search
      .addKey(db.schema.createTable('names'), 'id', 'varchar(36)')
      .addColumn('name', 'varchar(1024)');
    await dialect.createPartitioned(db, { table: 'names', by: 'id' }, table);
    await dialect.search.create(db, INDEX);
  },
};

describeWithEngines(['postgres'], 'the search for names on PostgreSQL', () => {
  let here: Place;
  let server: DatabaseServer;
  let db: Database<Tables>;
  beforeAll(async () => {
    here = await place('postgres');
    server = await open(here.url);
    db = server.view();
    await db.migrate('names', [NAMES]);
    const names = Array.from({ length: 3000 }, (_, index) =>
      index % 3 ? `report ${index}.txt` : `Foto %${index}_.jpg`,
    );
    await db.unit(async (tx) => {
      await tx
        .insertInto('names')
        .values(names.map((name, index) => ({ id: `${index}`, name })))
        .execute();
      await tx.insertInto('names').values({ id: 'none', name: null }).execute();
    });
    await db.unit((tx) => sql`analyze names`.execute(tx));
  });
  afterAll(async () => {
    await server.close();
    await here.stop();
  });

  const searching = async (part: string) => {
    const condition = await db.dialect.search.matchesAmong(db.reader, INDEX, { column: 'id', value: '' }, part);
    return db.reader.selectFrom('names').selectAll().where(condition);
  };

  it('finds just what holds the part, whatever of it is common', async () => {
    const rows = await db.reader.selectFrom('names').selectAll().execute();
    for (const part of ['report 2500', 'report', '%27', '99', '_.jpg', 'Foto %99', 'xt', '.', '', '1000', 'a\0']) {
      const found = await (await searching(part)).execute();
      const expected = rows.filter(({ name }) => name?.includes(part));
      expect(found.map(({ id }) => id).toSorted(), part).toEqual(expected.map(({ id }) => id).toSorted());
    }
  });

  it('asks the index for what is rare, by the sample that the server has', async () => {
    const parametersFor = async (part: string) => (await searching(part)).compile().parameters;
    const [query, part] = (await parametersFor('report 2500')) as [string, string];
    expect(query.split(' & ').toSorted()).toEqual(["' 250'", "'2500'"]);
    expect(part).toBe('report 2500');
    expect(await parametersFor('zq')).toEqual(["'zq':*", 'zq']);
    // Many begin so: they are found sooner along a list.
    expect(await parametersFor('ort')).toEqual(['ort']);
  });
});
