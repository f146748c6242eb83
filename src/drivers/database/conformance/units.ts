import fc from 'fast-check';
import { expect } from 'vitest';
import type { Law } from '../../laws.ts';
import { UniqueViolation } from '../port.ts';
import { addCounter, addTo, counterNames, type Place } from './place.ts';

const outcome = async (promise: Promise<unknown>) => {
  try {
    return { value: await promise };
  } catch (error) {
    return { error };
  }
};

export function unitLaws(law: Law, place: Place): void {
  law('answers what a unit returned once readers see what it wrote', async () => {
    const answer = await place.db.unit(async (tx) => {
      await addCounter(tx, 'a', 7);
      return { made: 'a' };
    });
    expect(answer).toEqual({ made: 'a' });
    expect(await counterNames(place.db)).toEqual(['a']);
  });

  law('shows a unit what it wrote itself, and a reader only what is committed', async () => {
    const seen = await place.db.unit(async (tx) => {
      await addCounter(tx, 'a');
      const own = await tx.selectFrom('counters').select('name').execute();
      // Only a test may await something else than the unit's own database handle.
      return { own: own.length, others: (await counterNames(place.db)).length };
    });
    expect(seen).toEqual({ own: 1, others: 0 });
    expect(await counterNames(place.db)).toEqual(['a']);
  });

  law('undoes all of a unit that throws, and passes on what it threw', async () => {
    const thrown = new Error('changed my mind');
    const { error } = await outcome(
      place.db.unit(async (tx) => {
        await addCounter(tx, 'a');
        await addCounter(tx, 'b');
        throw thrown;
      }),
    );
    expect(error).toBe(thrown);
    expect(await counterNames(place.db)).toEqual([]);
  });

  law('runs a unit whose function throws before it returns a promise', async () => {
    const thrown = new Error('at once');
    const { error } = await outcome(
      place.db.unit(() => {
        throw thrown;
      }),
    );
    expect(error).toBe(thrown);
    await place.db.unit((tx) => addCounter(tx, 'after'));
  });

  law('takes nobody along when a unit throws', async () => {
    const results = await Promise.all(
      Array.from({ length: 30 }, (_, number) =>
        outcome(
          place.db.unit(async (tx) => {
            await addCounter(tx, `n${number}`);
            if (number % 3 === 0) throw new Error(`no ${number}`);
            return number;
          }),
        ),
      ),
    );
    const failed = results.flatMap(({ error }, number) => (error ? [[number, (error as Error).message]] : []));
    expect(failed).toEqual(Array.from({ length: 10 }, (_, third) => [third * 3, `no ${third * 3}`]));
    expect(await counterNames(place.db)).toHaveLength(20);
  });

  law('counts right when 100 units increment one number', async () => {
    await place.db.unit((tx) => addCounter(tx, 'c'));
    const seen = await Promise.all(Array.from({ length: 100 }, () => place.db.unit((tx) => addTo(tx, 'c', 1))));
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  });

  law('keeps a sum through any transfers, some of which are refused', async () => {
    const names = ['a', 'b', 'c', 'd'];
    await place.db.unit(async (tx) => {
      for (const name of names) await addCounter(tx, name, 10);
    });
    const name = fc.constantFrom(...names);
    const transfers = fc.array(fc.record({ from: name, to: name, amount: fc.integer({ min: 1, max: 15 }) }), {
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(transfers, async (all) => {
        await Promise.all(
          all.map(({ from, to, amount }) =>
            outcome(
              place.db.unit(async (tx) => {
                await addTo(tx, to, amount);
                if ((await addTo(tx, from, -amount)) < 0) throw new Error('not enough');
              }),
            ),
          ),
        );
        const rows = await place.db.reader.selectFrom('counters').select('value').execute();
        expect(rows.reduce((sum, { value }) => sum + value, 0)).toBe(40);
        expect(Math.min(...rows.map(({ value }) => value))).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 30 },
    );
  });

  law('lets units that lock in opposite order all succeed', async () => {
    await place.db.unit(async (tx) => {
      await addCounter(tx, 'a');
      await addCounter(tx, 'b');
    });
    await Promise.all(
      Array.from({ length: 20 }, (_, number) =>
        place.db.unit(async (tx) => {
          for (const name of number % 2 ? ['a', 'b'] : ['b', 'a']) await addTo(tx, name, 1);
        }),
      ),
    );
    const rows = await place.db.reader.selectFrom('counters').select('value').execute();
    expect(rows.map(({ value }) => value)).toEqual([20, 20]);
  });

  law('says that a unique value is taken: of many that ask for it, one gets it', async () => {
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, number) =>
        outcome(
          place.db.unit(async (tx) => {
            await addCounter(tx, `n${number}`);
            await tx
              .insertInto('texts')
              .values({ id: 'same', body: `${number}` })
              .execute();
          }),
        ),
      ),
    );
    const errors = results.flatMap(({ error }) => (error ? [error] : []));
    expect(errors).toHaveLength(9);
    for (const error of errors) expect(error).toBeInstanceOf(UniqueViolation);
    expect(await counterNames(place.db)).toHaveLength(1);
  });

  law('says that a primary key is taken, also when an update takes it', async () => {
    await place.db.unit(async (tx) => {
      await addCounter(tx, 'a');
      await addCounter(tx, 'b');
    });
    await expect(place.db.unit((tx) => addCounter(tx, 'a'))).rejects.toBeInstanceOf(UniqueViolation);
    const rename = place.db.unit((tx) =>
      tx.updateTable('counters').set({ name: 'a' }).where('name', '=', 'b').execute(),
    );
    await expect(rename).rejects.toBeInstanceOf(UniqueViolation);
  });

  law('ends a unit whose statement failed, also where it caught what that threw', async () => {
    await place.db.unit((tx) => addCounter(tx, 'a'));
    const later: unknown[] = [];
    const unit = place.db.unit(async (tx) => {
      await addCounter(tx, 'b');
      await addCounter(tx, 'a').catch(() => {});
      await addCounter(tx, 'c').catch((error) => later.push(error));
      return 'done';
    });
    await expect(unit).rejects.toBeInstanceOf(UniqueViolation);
    expect(later).toHaveLength(1);
    expect(await counterNames(place.db)).toEqual(['a']);
  });

  law('refuses the handle of a unit after its end', async () => {
    const handle = await place.db.unit(async (tx) => () => addCounter(tx, 'late'));
    await expect(handle()).rejects.toThrow();
    const failed = await outcome(
      place.db.unit(async (tx) => {
        throw () => addCounter(tx, 'later');
      }),
    );
    await expect((failed.error as () => Promise<unknown>)()).rejects.toThrow();
    expect(await counterNames(place.db)).toEqual([]);
  });

  law('refuses transactions that are not units, and writes by a reader', async () => {
    const { db } = place;
    const inner = db.unit((tx) => tx.transaction().execute((inside) => addCounter(inside, 'a')));
    await expect(inner).rejects.toThrow();
    await expect(db.reader.transaction().execute((inside) => addCounter(inside, 'b'))).rejects.toThrow();
    await expect(addCounter(db.reader, 'c')).rejects.toThrow();
    expect(await counterNames(db)).toEqual([]);
  });

  law('counts the rows that an update met, changed or not', async () => {
    const { db } = place;
    await db.unit(async (tx) => {
      await addCounter(tx, 'a', 1);
      await addCounter(tx, 'b', 1);
    });
    const set = (name: string) =>
      db.unit((tx) => tx.updateTable('counters').set({ value: 1 }).where('name', '=', name).executeTakeFirst());
    expect((await set('a')).numUpdatedRows).toBe(1n);
    expect((await set('none')).numUpdatedRows).toBe(0n);
    const gone = await db.unit((tx) => tx.deleteFrom('counters').where('value', '=', 1).executeTakeFirst());
    expect(gone.numDeletedRows).toBe(2n);
  });

  law('gives each of its views the same rows and the same writer', async () => {
    const other = place.server.view<{ counters: { name: string; value: number } }>();
    await place.db.unit((tx) => addCounter(tx, 'c'));
    await Promise.all([place.db, other].map((db) => db.unit((tx) => addTo(tx, 'c', 1))));
    const row = await other.reader.selectFrom('counters').select('value').executeTakeFirst();
    expect(row?.value).toBe(2);
  });
}
