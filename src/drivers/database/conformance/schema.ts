import fc from 'fast-check';
import { expect } from 'vitest';
import type { Law } from '../../laws.ts';
import { type Migration, UniqueViolation } from '../port.ts';
import type { Place } from './place.ts';

interface Items {
  items: { id: string; part: number; label: string | null; due_at: number | null };
}

const ITEMS: Migration = {
  name: '0001_items',
  async up(db, dialect) {
    const table = db.schema
      .createTable('items')
      .addColumn('id', 'varchar(36)', (column) => column.notNull())
      .addColumn('part', 'integer', (column) => column.notNull())
      .addColumn('label', 'varchar(24)')
      .addColumn('due_at', 'bigint')
      .addPrimaryKeyConstraint('items_key', ['id', 'part']);
    await dialect.createPartitioned(db, { table: 'items', by: 'id' }, table);
    await dialect.addSparseIndex(db, {
      name: 'items_due',
      table: 'items',
      columns: ['due_at', 'id'],
      where: [['due_at', 'is not', null]],
    });
    await dialect.addSparseIndex(db, {
      name: 'items_unlabelled',
      table: 'items',
      columns: ['id'],
      where: [
        ['label', 'is', null],
        ['part', '=', 1],
      ],
    });
  },
};

/** What migrations make, and what queries rely on. */
export function schemaLaws(law: Law, place: Place): void {
  const open = async () => {
    const db = place.server.view<Items>();
    await db.migrate('items', [ITEMS]);
    return db;
  };
  const item = (number: number, change: Partial<Items['items']> = {}) => ({
    id: `item ${number}`,
    part: number % 3,
    label: null,
    due_at: null,
    ...change,
  });

  law('keeps a table in partitions, or none, as one: its keys are unique, and its rows change', async () => {
    const db = await open();
    const rows = Array.from({ length: 60 }, (_, number) => item(number, { due_at: number % 5 === 0 ? number : null }));
    await db.unit((tx) => tx.insertInto('items').values(rows).execute());
    await expect(db.unit((tx) => tx.insertInto('items').values(item(7)).execute())).rejects.toBeInstanceOf(
      UniqueViolation,
    );
    const renamed = db.unit((tx) => tx.updateTable('items').set({ id: 'other' }).where('id', '=', 'item 7').execute());
    await renamed;
    await db.unit((tx) => tx.deleteFrom('items').where('part', '=', 2).execute());
    const there = await db.reader.selectFrom('items').select('id').orderBy('id').execute();
    const expected = rows.filter(({ part }) => part !== 2).map(({ id }) => (id === 'item 7' ? 'other' : id));
    expect(there.map(({ id }) => id)).toEqual(expected.toSorted());
  });

  law('finds by a sparse index what meets its conditions, and finds the rest all the same', async () => {
    const db = await open();
    const rows = Array.from({ length: 30 }, (_, number) =>
      item(number, { due_at: number % 3 ? null : 100 - number, label: number % 4 ? null : 'x' }),
    );
    await db.unit((tx) => tx.insertInto('items').values(rows).execute());
    const due = db.reader.selectFrom('items').select('id').where('due_at', '<=', 90).orderBy('due_at').orderBy('id');
    const dueIds = rows.filter((row) => row.due_at !== null && row.due_at <= 90).map((row) => row.id);
    expect((await due.execute()).map(({ id }) => id)).toEqual(dueIds.reverse());
    const bare = db.reader.selectFrom('items').select('id').where('label', 'is', null).where('part', '=', 1);
    const bareIds = rows.filter((row) => row.label === null && row.part === 1).map((row) => row.id);
    expect((await bare.orderBy('id').execute()).map(({ id }) => id)).toEqual(bareIds.toSorted());
    expect(await db.reader.selectFrom('items').select('id').where('due_at', 'is', null).execute()).toHaveLength(20);
  });

  law('takes as many bytes in a text as its column says, whatever characters they are', async () => {
    const db = await open();
    for (const [number, label] of ['x'.repeat(24), 'é'.repeat(12), '日'.repeat(8), '😀'.repeat(6), ''].entries()) {
      await db.unit((tx) => tx.insertInto('items').values(item(number, { label })).execute());
      const row = db.reader.selectFrom('items').select('label').where('id', '=', `item ${number}`);
      expect((await row.executeTakeFirstOrThrow()).label).toBe(label);
    }
  });

  law('continues a page just behind where the one before it ended', async () => {
    const db = await open();
    const labels = fc.constantFrom('a', 'b', 'B', 'ab', '');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(labels, fc.integer({ min: 0, max: 4 })), { minLength: 1, maxLength: 15 }),
        fc.constantFrom('asc' as const, 'desc' as const),
        fc.integer({ min: 1, max: 4 }),
        async (values, direction, size) => {
          await db.unit((tx) => tx.deleteFrom('items').execute());
          const rows = values.map(([label, part], number) => ({
            id: `${number}`.padStart(3, '0'),
            part,
            label,
            due_at: 1,
          }));
          await db.unit((tx) => tx.insertInto('items').values(rows).execute());
          const all = db.reader
            .selectFrom('items')
            .select(['id', 'label'])
            .orderBy('label', direction)
            .orderBy('id', direction);
          const paged: unknown[] = [];
          let last: { id: string; label: string | null } | undefined;
          for (;;) {
            let page = all.limit(size);
            if (last) {
              const comparison = direction === 'asc' ? '>' : '<';
              page = page.where(db.dialect.beyond(['label', 'id'], comparison, [last.label as string, last.id]));
            }
            const found = await page.execute();
            paged.push(...found);
            last = found.at(-1);
            if (!last) break;
          }
          expect(paged).toEqual(await all.execute());
          expect(paged).toHaveLength(rows.length);
        },
      ),
      { numRuns: 20 },
    );
  });
}
