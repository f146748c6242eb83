import { expect, it } from 'vitest';
import { Api } from '../harness/client.ts';
import { signalTree } from '../harness/engines/tree.ts';
import { describeWithEngines } from '../harness/engines/use.ts';
import { fixture } from '../harness/fixtures.ts';
import { query, withDatabase } from '../harness/inspect.ts';
import { startStack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';
import { contradictions } from './laws/rows.ts';
import { nothingMissing } from './laws/store.ts';

describeWithEngines(['postgres', 'redis'], 'an instance that is frozen past its lease and woken again', () => {
  it('finds its work done by another, and does no harm', async () => {
    const kind = { database: 'postgres', objects: 'disk', broker: 'redis' } as const;
    const stack = await startStack({ ...kind, env: { WORKER_CONCURRENCY: '1' } });
    const [frozen, other] = stack.servers;
    if (!frozen || !other) throw new Error('There should be two instances.');
    try {
      const { token } = await stack.api.signUp();
      const user = new Api(() => other.url, token);
      const atWork = () =>
        query<{ file_id: string }>(stack, "SELECT DISTINCT file_id FROM processing_jobs WHERE state = 'running'");
      const camera = await fixture('camera.jpg');
      const ids: string[] = [];
      // Each instance works on one file.
      await until('both instances to be at work', async () => {
        if (ids.length < 40) ids.push((await user.upload(camera, { name: `${ids.length}.jpg` })).id);
        return (await atWork()).length === 2;
      });
      signalTree(frozen.pid, 'SIGSTOP');
      const held = await until(
        'all but what it holds to be done',
        async () => {
          const waiting = await query(stack, "SELECT 1 FROM processing_jobs WHERE state IN ('queued', 'failed')");
          const running = await atWork();
          return waiting.length === 0 && running.length === 1 && running;
        },
        { within: 90_000, every: 200 },
      );
      const [file = ''] = held.map(({ file_id }) => file_id);
      await withDatabase(stack, ({ run }) =>
        run("UPDATE processing_jobs SET lease_until = lease_until - 60000 WHERE state = 'running'"),
      );
      expect((await user.processed(file)).processing).toMatchObject({ state: 'done', failed: 0 });
      const [lost] = await query<{ losses: number }>(
        stack,
        'SELECT MAX(losses) AS losses FROM processing_jobs WHERE file_id = ?',
        file,
      );
      expect(lost?.losses).toBe(1);
      const variants = () =>
        query(stack, 'SELECT type, object_key FROM file_variants WHERE file_id = ? ORDER BY type', file);
      const made = await variants();

      signalTree(frozen.pid, 'SIGCONT');
      const woken = new Api(() => frozen.url, token);
      for (const id of ids) expect((await woken.processed(id)).processing).toMatchObject({ state: 'done', failed: 0 });
      const next = await woken.upload(camera, { name: 'next.jpg' });
      expect((await woken.processed(next.id)).processing).toMatchObject({ state: 'done', failed: 0 });
      expect(await frozen.kill('SIGTERM')).toEqual({ code: 0, signal: null });
      expect(await variants()).toEqual(made);
      expect(await contradictions(stack)).toEqual([]);
      await nothingMissing(stack);
    } catch (error) {
      console.error(stack.output().slice(-20_000));
      throw error;
    } finally {
      signalTree(frozen.pid, 'SIGCONT');
      await stack.dispose();
    }
  });
});
