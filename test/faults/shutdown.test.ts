import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Api } from '../harness/client.ts';
import { noise } from '../harness/fixtures/random.ts';
import { fixture, sha256 } from '../harness/fixtures.ts';
import { scratchFiles, storedFiles, withDatabase } from '../harness/inspect.ts';
import { childrenOf, isAlive } from '../harness/process.ts';
import { startStack } from '../harness/stack.ts';
import { until, within } from '../harness/until.ts';
import { allJobsEnd, brokenPromises } from './laws/promises.ts';
import { contradictions } from './laws/rows.ts';
import { startLoad } from './load/clients.ts';
import { Ledger } from './load/ledger.ts';

describe('SIGTERM', () => {
  test('under load ends with 0 within 30 s, and nothing is lost', async () => {
    const stack = await startStack({ env: { WORKER_CONCURRENCY: '2' } });
    try {
      const user = await stack.api.signUp();
      const ledger = new Ledger();
      const load = startLoad(user, ledger, { seed: 1, clients: 4 });
      await load.getOn(60);
      const children = childrenOf(stack.server.pid);
      const exit = await within(30_000, 'the server to end', stack.server.kill('SIGTERM'));
      expect(exit, stack.output()).toEqual({ code: 0, signal: null });
      expect(children.filter(isAlive)).toEqual([]);
      await load.stop();
      expect(await contradictions(stack)).toEqual([]);
      expect((await storedFiles(stack)).filter((path) => /[/\\]tmp[/\\]/.test(path))).toEqual([]);
      expect(await scratchFiles(stack)).toEqual([]);

      await stack.start();
      await allJobsEnd(user);
      expect(await brokenPromises(user, ledger)).toEqual([]);
    } finally {
      await stack.dispose();
    }
  });

  test('lets a request that is under way end, and takes no new one', async () => {
    const stack = await startStack();
    try {
      const user = await stack.api.signUp();
      const bytes = noise(2_000_000, 1);
      let finish: () => void = () => {};
      const stopping = new Promise<void>((resolve) => {
        finish = resolve;
      });
      let begun = false;
      async function* slowly() {
        yield bytes.subarray(0, 1_000_000);
        begun = true;
        await stopping;
        yield bytes.subarray(1_000_000);
      }
      const upload = user.upload(Readable.from(slowly()), { name: 'slow.bin' });
      await until('the upload to be under way', () => begun);
      const exit = stack.server.kill('SIGTERM');
      await until('new requests to be refused', () =>
        new Api(stack.api.url).call('GET', '/healthz').then(
          ({ status }) => status >= 500,
          () => true,
        ),
      );
      finish();
      const file = await upload;
      expect(file.sha256).toBe(sha256(bytes));
      expect(await exit).toEqual({ code: 0, signal: null });
      await stack.start();
      expect(sha256(await user.content(file.id))).toBe(sha256(bytes));
    } finally {
      await stack.dispose();
    }
  });

  test('hands back jobs that are running, which cost no attempt and end after the next start', async () => {
    const stack = await startStack({ env: { WORKER_CONCURRENCY: '1' } });
    try {
      const user = await stack.api.signUp();
      const camera = await fixture('camera.jpg');
      const ids: string[] = [];
      for (let i = 0; i < 6; i += 1) ids.push((await user.upload(camera, { name: `${i}.jpg` })).id);
      await until('a job to run', async () => {
        const { body } = await user.expect(200, 'GET', '/api/jobs?status=running&limit=1');
        return body.items.length > 0;
      });
      // A child that stands still never ends its job.
      for (const child of childrenOf(stack.server.pid)) process.kill(child, 'SIGSTOP');
      expect(await stack.server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
      // News that was lost is sent again after some seconds, or here after an hour: nothing may wait for that.
      await withDatabase(stack, ({ run }) =>
        run("UPDATE processing_jobs SET announce_at = announce_at + 3600000 WHERE state = 'queued'"),
      );
      await stack.start();
      const isTaken = async (id: string) => (await user.jobs(id)).some(({ status }) => status !== 'queued');
      const waiting = ids.slice(1);
      await until('jobs that waited to be taken', async () => (await Promise.all(waiting.map(isTaken))).includes(true));
      for (const id of ids) {
        expect((await user.processed(id)).processing).toMatchObject({ state: 'done', failed: 0 });
        for (const job of await user.jobs(id)) expect(job).toMatchObject({ status: 'succeeded', attempt: 1 });
      }
    } finally {
      await stack.dispose();
    }
  });
});
