import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fixture } from '../../../test/harness/fixtures.ts';
import type { CompleteJobsRequest } from '../../contract/holdfast/internal/v1/work.ts';
import { JobState } from '../../contract/holdfast/v1/file.ts';
import { SandboxPool } from './sandbox/pool.ts';
import type { SandboxChild } from './sandbox/sandbox-child.ts';
import { claimScratch } from './sandbox/scratch.ts';
import { openTestBed, type TestBed } from './testing.ts';
import { workOnFile } from './work-on-file.ts';

/** Tells which process it lends. */
class WatchedPool extends SandboxPool {
  readonly lent: SandboxChild[] = [];

  override withChild<T>(signal: AbortSignal, use: (child: SandboxChild) => Promise<T>): Promise<T> {
    return super.withChild(signal, (child) => {
      this.lent.push(child);
      return use(child);
    });
  }
}

const NEVER = new AbortController().signal;
const log = pino({ level: 'silent' });

let bed: TestBed;
let pool: WatchedPool;
let scratch: string;
beforeEach(async () => {
  bed = await openTestBed({ maxRetries: 0 });
  scratch = await claimScratch(join(bed.scratch, 'work'));
  pool = new WatchedPool({ size: 2, memory: 1024 ** 3, scratch, log });
  await pool.ready(NEVER);
  pool.lent.length = 0;
});
afterEach(async () => {
  await pool.close();
  await bed.close();
});

/** Works on a file as the loop does, and shows each report before it is made. */
function work(fileId: string, onReport: (request: CompleteJobsRequest) => void = () => {}): Promise<void> {
  const settings = { concurrency: 1, jobTimeout: 60_000, jobMemory: 1024 ** 3, maxPixels: 1e8, scratchDir: scratch };
  const service = {
    ...bed.work,
    completeJobs: (request: CompleteJobsRequest, context: typeof bed.asService) => {
      onReport(request);
      return bed.work.completeJobs(request, context);
    },
  };
  return workOnFile({ work: service, objects: bed.objects, pool, scratch, settings, log }, fileId, NEVER);
}

async function uploadWithSlowJob() {
  const fileId = await bed.upload(await fixture('camera.jpg'), 'image/jpeg');
  const options = { width: 8192, height: 8192, effort: 6, quality: 100 };
  const { job } = await bed.files.requestVariant({ ownerId: '', fileId, processor: 'webp', options }, bed.ada);
  return { fileId, slow: job?.id as string };
}

describe('a job that takes its process along', () => {
  test('is blamed alone; those before it stand, and those after it are made in a process of their own', async () => {
    const { fileId, slow } = await uploadWithSlowJob();
    const crashed: string[] = [];
    let reported = 0;
    await work(fileId, ({ outcomes }) => {
      crashed.push(...outcomes.flatMap(({ jobId, failure }) => (failure?.crashed ? jobId : [])));
      reported += outcomes.length;
      // The thumbnail, medium and small come before the slow one.
      if (reported === 3) process.kill(pool.lent.at(-1)?.pid as number, 'SIGKILL');
    });
    expect(crashed).toEqual([slow]);
    const jobs = await bed.jobs(fileId);
    expect(jobs.find(({ id }) => id === slow)).toMatchObject({
      state: JobState.DEAD,
      code: 'processor_crashed',
      reason: 'Processing ended unexpectedly.',
    });
    expect(jobs.filter(({ state }) => state === JobState.SUCCEEDED)).toHaveLength(4);
    expect(new Set(pool.lent).size).toBe(2);
  });
});

test('the jobs of a file that made trouble before have a process each', async () => {
  const fileId = await bed.upload(await fixture('alpha.png'), 'image/png');
  await bed.db.unit((tx) => tx.updateTable('files').set({ apart: 1 }).execute());
  await work(fileId);
  expect(pool.lent).toHaveLength(4);
  expect((await bed.jobs(fileId)).every(({ state }) => state === JobState.SUCCEEDED)).toBe(true);
});

test('all jobs of a file that never made trouble share one process, and one fetching', async () => {
  const fileId = await bed.upload(await fixture('alpha.png'), 'image/png');
  await work(fileId);
  expect(pool.lent).toHaveLength(1);
  expect((await bed.jobs(fileId)).every(({ state }) => state === JobState.SUCCEEDED)).toBe(true);
});

test('a file without due jobs costs no process', async () => {
  const fileId = await bed.upload(await fixture('alpha.png'), 'image/png');
  await work(fileId);
  pool.lent.length = 0;
  await work(fileId);
  expect(pool.lent).toHaveLength(0);
});
