import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { isAlive } from '../process.ts';
import { ENGINE_NAMES, type EngineName, KINDS, startEngine } from './index.ts';
import { treeOf } from './tree.ts';
import { describeWithEngines, place } from './use.ts';

describe.each(ENGINE_NAMES)('%s', (name: EngineName) => {
  describeWithEngines([name], 'shared by the run', () => {
    it('gives each who asks another place', async () => {
      const [one, other] = await Promise.all([place(name), place(name)]);
      expect(one.url).not.toBe(other.url);
      await Promise.all([one.stop(), other.stop()]);
    });
  });

  describeWithEngines(
    [name],
    'of our own',
    () => {
      it('answers again after a kill, with and without its data, and leaves no process', async () => {
        const before = treeOf(process.pid);
        const engine = await startEngine(name);
        try {
          const recipe = KINDS[name];
          expect(engine.url).toMatch(/^[a-z0-9]+:\/\//);
          expect(recipe.missing()).toBeUndefined();
          await engine.kill();
          await engine.restart();
          await engine.kill();
          await engine.restart({ wipe: true });
          engine.freeze();
          engine.thaw();
        } finally {
          const started = treeOf(process.pid).filter((pid) => !before.includes(pid));
          await engine.stop();
          // The keeper of this process stays with it.
          expect(started.filter(isAlive).length).toBeLessThanOrEqual(1);
        }
      });
    },
    { own: true },
  );
});

describeWithEngines(
  ['postgres'],
  'data',
  () => {
    it('are there after a kill, and gone after a wipe', async () => {
      const engine = await startEngine('postgres');
      const ask = async (sql: string) => {
        const client = new Client({ connectionString: engine.url });
        await client.connect();
        return client.query(sql).finally(() => client.end());
      };
      try {
        await ask('CREATE TABLE kept (n int)');
        await ask('INSERT INTO kept VALUES (7)');
        await engine.kill();
        await engine.restart();
        expect((await ask('SELECT n FROM kept')).rows).toEqual([{ n: 7 }]);
        await engine.kill();
        await engine.restart({ wipe: true });
        await expect(ask('SELECT n FROM kept')).rejects.toThrow(/does not exist/);
      } finally {
        await engine.stop();
      }
    });
  },
  { own: true },
);
