import { sql } from 'kysely';
import { expect } from 'vitest';
import type { Law } from '../../laws.ts';
import type { Database } from '../port.ts';
import { addCounter, counterNames, type Place, type Tables } from './place.ts';

/** Rows of one table say until when the other is closed. */
const FLAG = { table: 'counters', until: 'value' };
const HOUR = 3600_000;

const close = (db: Database<Tables>) => db.unit((tx) => db.dialect.writeBarrier.raise(tx, 'texts', FLAG));
const open = (db: Database<Tables>) => db.unit((tx) => db.dialect.writeBarrier.lower(tx, 'texts'));
const addText = (db: Database<Tables>, id: string) =>
  db.unit((tx) => tx.insertInto('texts').values({ id, body: id }).execute());
const texts = async (db: Database<Tables>) =>
  (await db.reader.selectFrom('texts').select('id').orderBy('id').execute()).map(({ id }) => id);
const refused = expect.objectContaining({ code: 'unavailable', retryAfter: expect.any(Number) });

async function setFlag(db: Database<Tables>, value: number): Promise<void> {
  await db.unit(async (tx) => {
    await tx.deleteFrom('counters').where('name', '=', 'flag').execute();
    await addCounter(tx, 'flag', value);
  });
}

export function barrierLaws(law: Law, place: Place): void {
  law('refuses every change of a table behind a barrier, and undoes the unit that tried', async () => {
    const { db } = place;
    await addText(db, 'a');
    await setFlag(db, (await db.now()) + HOUR);
    await close(db);
    await expect(addText(db, 'b')).rejects.toEqual(refused);
    await expect(db.unit((tx) => tx.updateTable('texts').set({ body: 'x' }).execute())).rejects.toEqual(refused);
    await expect(db.unit((tx) => tx.deleteFrom('texts').execute())).rejects.toEqual(refused);
    const both = db.unit(async (tx) => {
      await addCounter(tx, 'beside');
      await tx.deleteFrom('texts').execute();
    });
    await expect(both).rejects.toEqual(refused);
    expect(await texts(db)).toEqual(['a']);
    expect(await counterNames(db)).toEqual(['flag']);
  });

  law('leaves readers, other tables, and units that change nothing alone', async () => {
    const { db } = place;
    await addText(db, 'a');
    await setFlag(db, (await db.now()) + HOUR);
    await close(db);
    expect(await texts(db)).toEqual(['a']);
    await db.unit((tx) => addCounter(tx, 'beside'));
    const locked = await db.unit(async (tx) => {
      await tx.updateTable('texts').set({ body: 'x' }).where('id', '=', 'none').execute();
      return tx.selectFrom('texts').select('id').forUpdate().execute();
    });
    expect(locked).toEqual([{ id: 'a' }]);
  });

  law('stops those who wrote before it was raised, in another process or this', async () => {
    const { db } = place;
    const others = await Promise.all([place.another(), place.another()]);
    const views = others.map((server) => server.view<Tables>());
    for (const [number, view] of views.entries()) await addText(view, `before ${number}`);
    await setFlag(db, (await db.now()) + HOUR);
    await close(db);
    for (const view of [db, ...views]) await expect(addText(view, 'after')).rejects.toEqual(refused);
    expect(await texts(db)).toHaveLength(2);
  });

  law('holds as long as its flag says, and not after', async () => {
    const { db } = place;
    const other = (await place.another()).view<Tables>();
    await close(db);
    await addText(other, 'no flag');
    await setFlag(db, (await db.now()) + HOUR);
    await expect(addText(other, 'b')).rejects.toEqual(refused);
    await setFlag(db, (await db.now()) - 1);
    await addText(other, 'past');
    await setFlag(db, (await db.now()) + HOUR);
    await expect(addText(other, 'c')).rejects.toEqual(refused);
    await open(db);
    await addText(other, 'open');
    await open(db);
    expect(await texts(db)).toEqual(['no flag', 'open', 'past']);
  });

  law('waits for units that have written, so that nothing appears behind it', async () => {
    const { db } = place;
    const other = (await place.another()).view<Tables>();
    await setFlag(db, (await db.now()) + HOUR);
    // Raised before: raising it again waits all the same.
    for (const round of [1, 2]) {
      await open(db);
      const order: string[] = [];
      let wrote = () => {};
      const written = new Promise<void>((resolve) => {
        wrote = resolve;
      });
      const writing = other
        .unit(async (tx) => {
          await tx
            .insertInto('texts')
            .values({ id: `${round}`, body: null })
            .execute();
          wrote();
          // Only a test may await something else than the unit's own database handle.
          await new Promise((resolve) => setTimeout(resolve, 300));
          await sql`select 1`.execute(tx);
          order.push('unit');
        })
        .then(() => order.push('committed'));
      await written;
      const raising = close(db).then(() => order.push('raised'));
      await Promise.all([writing, raising]);
      expect(order.indexOf('raised')).toBeGreaterThan(order.indexOf('unit'));
      expect(await texts(db)).toContain(`${round}`);
      await expect(addText(other, 'late')).rejects.toEqual(refused);
    }
  });
}
