import { describe, expect, test } from 'vitest';
import { fixture } from '../harness/fixtures.ts';
import { childrenOf, isAlive } from '../harness/process.ts';
import { useStack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

describe('a processing child that is killed', () => {
  const stack = useStack({ env: { WORKER_CONCURRENCY: '1' } });

  test('takes nobody along: the jobs are done by another', { timeout: 90_000 }, async (context) => {
    if (process.platform !== 'linux') return context.skip('children are found through /proc, which is Linux only');
    const user = await stack.api.signUp();
    const camera = await fixture('camera.jpg');
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) ids.push((await user.upload(camera, { name: `${i}.jpg` })).id);

    let killed = 0;
    for (const id of ids.slice(0, 3)) {
      await until('a child to be at work', async () => {
        const { status } = (await user.jobs(id)).find((job) => job.status === 'running') ?? {};
        const { state } = (await user.file(id)).processing;
        return status === 'running' || state === 'done';
      });
      for (const child of childrenOf(stack.server.pid).filter(isAlive)) {
        process.kill(child, 'SIGKILL');
        killed += 1;
      }
    }
    expect(killed).toBeGreaterThan(0);
    for (const id of ids) {
      const file = await user.processed(id);
      expect(file.processing, JSON.stringify(await user.jobs(id))).toMatchObject({ state: 'done', failed: 0 });
    }
    expect((await stack.api.call('GET', '/healthz')).status).toBe(200);
  });
});

describe('a job that takes longer than JOB_TIMEOUT', () => {
  const stack = useStack({
    env: { JOB_TIMEOUT: '1s', MAX_RETRIES: '0', WORKER_CONCURRENCY: '1', MAX_PIXELS: '1000000000' },
  });

  test('is killed and says so, and the next file is done', { timeout: 90_000 }, async () => {
    const user = await stack.api.signUp();
    // 400 megapixels take far longer than a second.
    const { id } = await user.upload(await fixture('huge.png'), { name: 'huge.png' });
    const slow = await user.processed(id);
    expect(slow.processing.state).toBe('failed');
    for (const job of await user.jobs(id)) {
      if (job.status === 'dead') expect(['job_timeout', 'out_of_memory', 'too_many_pixels']).toContain(job.code);
    }
    const next = await user.upload(await fixture('pages.pdf'), { name: 'pages.pdf' });
    expect((await user.processed(next.id)).processing.state).toBe('done');
  });
});
