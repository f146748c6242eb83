import { expect } from 'vitest';
import type { Law } from '../../laws.ts';
import type { Migration } from '../port.ts';
import type { Place } from './place.ts';

/** Makes a table, and puts a row into it that would be there twice if it ran twice. */
const making = (name: string): Migration => ({
  name,
  async up(db) {
    await db.schema.createTable(`t${name}`).addColumn('n', 'bigint').execute();
    await db.insertInto(`t${name}`).values({ n: 1 }).execute();
  },
});

export function migrationLaws(law: Law, place: Place): void {
  const first = making('0001_first');
  const second = making('0002_second');

  law('runs each migration once, in order', async () => {
    const { db } = place;
    expect(await db.migrationStates('s', [first])).toEqual([{ name: '0001_first', appliedAt: undefined }]);
    expect(await db.migrate('s', [first])).toEqual(['0001_first']);
    expect(await db.migrate('s', [first, second])).toEqual(['0002_second']);
    expect(await db.migrate('s', [first, second])).toEqual([]);
    for (const { appliedAt } of await db.migrationStates('s', [first, second])) {
      expect(Math.abs((appliedAt ?? 0) - Date.now())).toBeLessThan(60_000);
    }
  });

  law('runs each migration once when several instances start at once', async () => {
    const servers = await Promise.all([1, 2, 3, 4].map(() => place.another()));
    const ran = await Promise.all(servers.map((server) => server.view().migrate('s', [first, second])));
    expect(ran.flat().toSorted()).toEqual(['0001_first', '0002_second']);
    const rows = await place.server
      .view<Record<string, { n: number }>>()
      .reader.selectFrom('t0001_first')
      .select('n')
      .execute();
    expect(rows).toEqual([{ n: 1 }]);
  });

  law('leaves nothing of a migration that throws, and runs it again', async () => {
    const { db } = place;
    const thrown = new Error('half way');
    const broken: Migration = {
      name: second.name,
      async up(tx, dialect) {
        await second.up(tx, dialect);
        throw thrown;
      },
    };
    await expect(db.migrate('s', [first, broken])).rejects.toBe(thrown);
    expect((await db.migrationStates('s', [first, second])).map(({ appliedAt }) => appliedAt !== undefined)).toEqual([
      true,
      false,
    ]);
    expect(await db.migrate('s', [first, second])).toEqual(['0002_second']);
  });

  law('keeps the migrations of services apart', async () => {
    const other: Migration = { name: first.name, up: (db, dialect) => making('0009_other').up(db, dialect) };
    expect(await place.db.migrate('s', [first])).toEqual(['0001_first']);
    expect(await place.db.migrate('r', [other])).toEqual(['0001_first']);
  });

  law('leaves alone what a newer version has run', async () => {
    await place.db.migrate('s', [first, second]);
    expect(await place.db.migrate('s', [first])).toEqual([]);
  });

  law('runs migrations beside units', async () => {
    const units = Array.from({ length: 20 }, (_, number) =>
      place.db.unit((tx) =>
        tx
          .insertInto('counters')
          .values({ name: `${number}`, value: 1 })
          .execute(),
      ),
    );
    const [ran] = await Promise.all([place.db.migrate('s', [first, second]), ...units]);
    expect(ran).toEqual(['0001_first', '0002_second']);
  });

  law('refuses migrations that are out of order or named otherwise', async () => {
    for (const migrations of [[second, first], [first, first], [making('first')]]) {
      await expect(place.db.migrate('s', migrations)).rejects.toThrow();
    }
    await expect(place.db.migrate('no; drop', [first])).rejects.toThrow();
  });
}
