import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fixture } from '../../../test/harness/fixtures.ts';
import { newId } from '../../base/ids.ts';
import { JobState } from '../../contract/holdfast/v1/file.ts';
import type { MessageHandler } from '../../drivers/broker/port.ts';
import { SandboxPool } from './sandbox/pool.ts';
import { claimScratch } from './sandbox/scratch.ts';
import { openTestBed, type TestBed } from './testing.ts';
import { startWorkLoop } from './work-loop.ts';

let bed: TestBed;
beforeEach(async () => {
  bed = await openTestBed();
});
afterEach(() => bed.close());

test('what does not end in time is handed back at no cost, and what was made of it is kept', async () => {
  const log = pino({ level: 'silent' });
  const scratch = await claimScratch(join(bed.scratch, 'loop'));
  const pool = new SandboxPool({ size: 1, memory: 1024 ** 3, scratch, log });
  const settings = { concurrency: 1, jobTimeout: 60_000, jobMemory: 1024 ** 3, maxPixels: 1e8, scratchDir: scratch };
  const loop = await startWorkLoop({ ...bed, pool, scratch, settings, log, stopWithin: 0 });

  const fileId = await bed.upload(await fixture('camera.jpg'), 'image/jpeg');
  const options = { width: 8192, height: 8192, effort: 6, quality: 100 };
  await bed.files.requestVariant({ ownerId: '', fileId, processor: 'webp', options }, bed.ada);
  await expect.poll(async () => (await bed.file(fileId)).variants.length).toBeGreaterThan(0);
  await loop.stop();
  const jobs = await bed.jobs(fileId);
  const states = jobs.map(({ state }) => state);
  expect(states).toContain(JobState.SUCCEEDED);
  expect(states).toContain(JobState.QUEUED);
  expect(states).not.toContain(JobState.RUNNING);
  for (const { state, attempt } of jobs) expect(attempt).toBe(state === JobState.QUEUED ? 0 : 1);
  expect((await bed.file(fileId)).variants).toHaveLength(states.filter((state) => state === JobState.SUCCEEDED).length);
  await pool.close();
});

test('what waits for its turn when everything is stopped is not begun', async () => {
  const handlers: MessageHandler[] = [];
  const claimed: string[] = [];
  const { promise: claiming, resolve: claim } = Promise.withResolvers<void>();
  const loop = await startWorkLoop({
    work: {
      ...bed.work,
      listDueFiles: async () => ({ fileIds: [] }),
      claimJobs: async ({ fileId }, context) => {
        claimed.push(fileId);
        await claiming;
        return bed.work.claimJobs({ fileId }, context);
      },
    },
    objects: bed.objects,
    broker: {
      ...bed.broker,
      consume: async (_topic, _options, handler) => {
        handlers.push(handler);
        return { stop: async () => {} };
      },
    },
    pool: { ready: async () => {} } as unknown as SandboxPool,
    scratch: bed.scratch,
    settings: { concurrency: 1, jobTimeout: 1, jobMemory: 1, maxPixels: 1, scratchDir: bed.scratch },
    log: pino({ level: 'silent' }),
    stopWithin: 60_000,
  });
  const hear = (fileId: string) => handlers[0]?.({ fileId }, new AbortController().signal);
  const first = hear(newId());
  const second = hear(newId());
  const stopped = loop.stop();
  claim();
  await first;
  await expect(second).rejects.toMatchObject({ code: 'cancelled' });
  await stopped;
  expect(claimed).toHaveLength(1);
});
