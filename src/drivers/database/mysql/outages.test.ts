import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Engine, startEngine } from '../../../../test/harness/engines/index.ts';
import { describeWithEngines, place } from '../../../../test/harness/engines/use.ts';
import { openProxy, type TcpProxy } from '../../../../test/harness/proxy.ts';
import { addCounter, addTo, counterNames, TABLES, type Tables } from '../conformance/place.ts';
import type { Database, DatabaseServer } from '../port.ts';
import { changed, open, recorder } from './testing.ts';

const unavailable = expect.objectContaining({ code: 'unavailable', retryAfter: expect.any(Number) });

describeWithEngines(['mysql'], 'MySQL at the end of a line that fails', () => {
  let stop: () => Promise<void>;
  let line: TcpProxy;
  let server: DatabaseServer;
  let db: Database<Tables>;
  const { log, lines } = recorder();

  beforeEach(async () => {
    const here = await place('mysql');
    line = await openProxy(here.url);
    const url = changed(line.url, ({ searchParams }) => {
      searchParams.set('connect_timeout', '1');
      searchParams.set('statement_timeout', '500');
    });
    server = await open(url, log);
    db = server.view();
    await db.migrate('conformance', [TABLES]);
    lines.length = 0;
    stop = async () => {
      await line.pass();
      await server.close();
      await line.stop();
      await here.stop();
    };
  });
  afterEach(() => stop());

  it('reads again on another connection when one is lost', async () => {
    await db.unit((tx) => addCounter(tx, 'a'));
    for (const _ of [1, 2, 3]) {
      line.reset();
      expect(await counterNames(db)).toEqual(['a']);
    }
  });

  it('runs a unit again whose connection is lost before it is committed', async () => {
    await db.unit((tx) => addCounter(tx, 'sum'));
    let runs = 0;
    const sum = await db.unit(async (tx) => {
      runs += 1;
      await addTo(tx, 'sum', 1);
      if (runs < 3) line.reset();
      return addTo(tx, 'sum', 1);
    });
    expect([runs, sum]).toEqual([3, 2]);
  });

  it('does not run a unit again whose connection is lost while it commits: it may stand', async () => {
    await db.unit((tx) => addCounter(tx, 'sum'));
    let runs = 0;
    const unit = db.unit(async (tx) => {
      runs += 1;
      await addTo(tx, 'sum', 1);
      line.freeze();
      // When this function has returned, COMMIT is on the line.
      setTimeout(() => line.reset(), 100);
    });
    await expect(unit).rejects.toThrow('it is not known whether the change was made');
    await expect(unit).rejects.toEqual(unavailable);
    expect(runs).toBe(1);
    await line.pass();
    expect(await db.unit((tx) => addTo(tx, 'sum', 0))).toBeLessThanOrEqual(1);
  });

  it('says that it is away, once, and that it is back, once', async () => {
    await line.drop();
    const all = await Promise.allSettled([counterNames(db), db.unit((tx) => addCounter(tx, 'a'))]);
    for (const each of all) expect(each).toMatchObject({ status: 'rejected', reason: unavailable });
    await expect(db.probe(AbortSignal.timeout(20_000))).rejects.toEqual(unavailable);
    await line.pass();
    await db.unit((tx) => addCounter(tx, 'b'));
    expect(await counterNames(db)).toEqual(['b']);
    expect(lines.map(({ msg }) => msg)).toEqual([
      'The database cannot be reached; trying again',
      'The database is reached again',
    ]);
  });

  it('gives up a server that does not answer, and probes no longer than it may', async () => {
    await counterNames(db);
    line.freeze();
    await expect(db.probe(AbortSignal.timeout(100))).rejects.toThrow();
    await expect(db.unit((tx) => addCounter(tx, 'a'))).rejects.toEqual(unavailable);
    await line.pass();
    await db.unit((tx) => addCounter(tx, 'b'));
    expect(await counterNames(db)).toContain('b');
  });
});

describeWithEngines(
  ['mysql'],
  'MySQL that is killed under load',
  () => {
    let engine: Engine;
    beforeEach(async () => {
      engine = await startEngine('mysql');
    });
    afterEach(() => engine.stop());

    it('has all that was answered for once it is back, and goes on by itself', async () => {
      const here = await engine.place();
      const server = await open(here.url);
      const db = server.view<Tables>();
      await db.migrate('conformance', [TABLES]);
      const answered: string[] = [];
      const errors: unknown[] = [];
      let on = true;
      const lanes = Array.from({ length: 6 }, async (_, lane) => {
        for (let number = 0; on; number++) {
          const name = `${lane}-${number}`;
          await db
            .unit((tx) => addCounter(tx, name))
            .then(
              () => answered.push(name),
              (error) => errors.push(error),
            );
        }
      });
      await expect.poll(() => answered.length).toBeGreaterThan(50);
      await engine.kill();
      await engine.restart();
      const before = answered.length;
      await expect.poll(() => answered.length).toBeGreaterThan(before + 50);
      on = false;
      await Promise.all(lanes);
      for (const error of errors) expect(error).toEqual(unavailable);
      const there = new Set(await counterNames(db));
      expect(answered.filter((name) => !there.has(name))).toEqual([]);
      await server.close();
    });
  },
  { own: true },
);
