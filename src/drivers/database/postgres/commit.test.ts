import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeWithEngines, place } from '../../../../test/harness/engines/use.ts';
import { addCounter, addTo, counterNames, TABLES, type Tables } from '../conformance/place.ts';
import type { Database, DatabaseServer } from '../port.ts';
import { type Fate, open, openCommitLine } from './testing.ts';

describeWithEngines(['postgres'], 'a unit on PostgreSQL whose connection is lost while it commits', () => {
  let line: Awaited<ReturnType<typeof openCommitLine>>;
  let server: DatabaseServer;
  let db: Database<Tables>;
  let stop: () => Promise<void>;

  beforeEach(async () => {
    const here = await place('postgres');
    line = await openCommitLine(here.url);
    server = await open(line.url);
    db = server.view();
    await db.migrate('conformance', [TABLES]);
    await db.unit((tx) => addCounter(tx, 'sum'));
    stop = async () => {
      await server.close();
      await line.stop();
      await here.stop();
    };
  });
  afterEach(() => stop());

  /** Runs a unit that would fail if it were committed twice; answers how often it ran. */
  async function write(name: string, ...fates: Fate[]): Promise<number> {
    line.next(...fates);
    let runs = 0;
    const answer = await db.unit(async (tx) => {
      runs += 1;
      await addCounter(tx, name);
      await addTo(tx, 'sum', 1);
      return name;
    });
    expect(answer).toBe(name);
    return runs;
  }
  const sum = async () =>
    (await db.reader.selectFrom('counters').select('value').where('name', '=', 'sum').execute())[0];

  it('is run again where the server did not hear of it', async () => {
    expect(await write('a', 'is cut before')).toBe(2);
    expect(await write('b', 'is cut before', 'is cut before')).toBe(3);
    expect(await sum()).toEqual({ value: 2 });
  });

  it('is answered for, and not run again, where only the answer was lost', async () => {
    expect(await write('a', 'is cut after')).toBe(1);
    expect(await write('b', 'is cut after')).toBe(1);
    expect(await counterNames(db)).toEqual(['a', 'b', 'sum']);
    expect(await sum()).toEqual({ value: 2 });
  });

  it('is ended on the server, which has not noticed that the client is gone, and run again', async () => {
    expect(await write('a', 'is held')).toBe(2);
    expect(await sum()).toEqual({ value: 1 });
  });

  it('keeps its place among many others', async () => {
    const fates: Fate[] = Array.from({ length: 40 }, (_, index) =>
      index % 5 === 0 ? 'is cut after' : index % 7 === 0 ? 'is cut before' : 'passes',
    );
    line.next(...fates);
    await Promise.all(
      Array.from({ length: 40 }, (_, number) =>
        db.unit(async (tx) => {
          await addCounter(tx, `n${number}`);
          await addTo(tx, 'sum', 1);
        }),
      ),
    );
    expect(await sum()).toEqual({ value: 40 });
    expect(await counterNames(db)).toHaveLength(41);
  });
});
