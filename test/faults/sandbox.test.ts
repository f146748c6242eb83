import { describe, expect, test } from 'vitest';
import { fixture } from '../harness/fixtures.ts';
import { childrenOf, isAlive } from '../harness/process.ts';
import { useStack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

describe('a processing child that is killed', () => {
  const stack = useStack({ env: { WORKER_CONCURRENCY: '1' } });

  test('takes nobody along: the jobs are done by another', async (context) => {
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
  const stack = useStack({ env: { JOB_TIMEOUT: '10s', MAX_RETRIES: '0', WORKER_CONCURRENCY: '1' } });

  test('is killed and says so, and the next file is done', async (context) => {
    if (process.platform !== 'linux') return context.skip('children are found through /proc, which is Linux only');
    const user = await stack.api.signUp();
    const camera = await fixture('camera.jpg');
    await until('the child to have been tested', () => stack.server.output().includes('all formats can be processed'));
    // A child that is stopped works on its job for ever; one that was quicker than we are goes on.
    const { id, stopped } = await until('children to be stopped at work', async () => {
      const { id } = await user.upload(camera, { name: 'slow.jpg' });
      const isRunning = async () => (await user.jobs(id)).some(({ status }) => status === 'running');
      await until('a job to run', isRunning);
      const stopped = childrenOf(stack.server.pid);
      for (const child of stopped) process.kill(child, 'SIGSTOP');
      if (await isRunning()) return { id, stopped };
      for (const child of stopped) process.kill(child, 'SIGCONT');
    });
    const file = await user.processed(id);
    const jobs = await user.jobs(id);
    expect(file.processing.state, JSON.stringify(jobs)).toBe('failed');
    const dead = jobs.filter(({ status }) => status === 'dead');
    expect(dead.map(({ code }) => code)).toContain('job_timeout');
    for (const { reason } of dead) expect(reason).toMatch(/^[A-Z].*\.$/);
    await until('the stopped children to be gone', () => !stopped.some(isAlive));

    const next = await user.upload(await fixture('pages.pdf'), { name: 'pages.pdf' });
    expect((await user.processed(next.id)).processing).toMatchObject({ state: 'done', failed: 0 });
  });
});
