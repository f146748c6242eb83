import { readdir } from 'node:fs/promises';
import sharp from 'sharp';
import { afterEach, describe, expect, test } from 'vitest';
import { fixture } from '../../../test/harness/fixtures.ts';
import { PATIENCE } from '../../../test/harness/patience.ts';
import { within } from '../../../test/harness/until.ts';
import { unlessAborted } from '../../base/deadline.ts';
import { HoldfastError } from '../../base/errors.ts';
import type { Running } from '../../base/lifecycle.ts';
import type { CompleteJobsRequest } from '../../contract/holdfast/internal/v1/work.ts';
import { JobState, ProcessingState } from '../../contract/holdfast/v1/file.ts';
import { openTestBed, type TestBed, type TestBedOptions } from './testing.ts';

const open: { bed: TestBed; running: Running }[] = [];

/** Milliseconds: more than any work here takes. */
const STOP_WITHIN = 60_000 * PATIENCE;

async function start(options?: TestBedOptions, stopWithin = STOP_WITHIN): Promise<TestBed & { running: Running }> {
  const bed = await openTestBed(options);
  const running = await bed.processor.start({ stopWithin });
  open.push({ bed, running });
  return { ...bed, running };
}
afterEach(async () => {
  for (const { bed, running } of open.splice(0)) {
    await running.stop();
    await bed.close();
  }
});

/** The last parts of all keys in the store. */
const keysOf = async (bed: TestBed) => {
  const found = await bed.objects.list('', { limit: 1000 });
  return found.map(({ key }) => key.split('/').at(-1)).sort();
};

/** How long a busy machine may take. */
const SOON = { interval: 10 };

const SLOW = { width: 8192, height: 8192, effort: 6, quality: 100 };

describe('a processor', () => {
  test('makes what presets say, and tells of the thumbnail before all else', async () => {
    const reports: CompleteJobsRequest[] = [];
    const bed = await start({
      work: (work) => ({
        completeJobs: (request, context) => {
          reports.push(request);
          return work.completeJobs(request, context);
        },
      }),
    });
    const fileId = await bed.upload(await fixture('camera.jpg'), 'image/jpeg');
    const file = await bed.processed(fileId);
    expect(file.processing).toMatchObject({ state: ProcessingState.DONE, total: 4, finished: 4, failed: 0 });
    expect(file.variants.map(({ type, width, height }) => [type, width, height]).sort()).toEqual([
      ['medium', 768, 1024],
      ['small', 360, 480],
      ['thumbnail', 300, 300],
      ['webp', 1536, 2048],
    ]);
    const first = reports[0]?.outcomes ?? [];
    expect(first.map(({ variant }) => [variant?.width, variant?.height])).toEqual([[300, 300]]);
    expect(first[0]?.variant?.duration?.nanos).toBeGreaterThan(0);

    const rows = await bed.db.reader.selectFrom('file_variants').selectAll().execute();
    for (const row of rows) {
      const { stream } = await bed.objects.get(row.object_key);
      const bytes = Buffer.concat(await stream.toArray());
      expect(bytes.length).toBe(row.size);
      expect((await sharp(bytes).metadata()).width).toBe(row.width);
    }
    expect(await keysOf(bed)).toEqual([
      'medium-1.jpg',
      'original.jpg',
      'small-1.jpg',
      'thumbnail-1.jpg',
      'webp-1.webp',
    ]);
  });

  test('makes what is asked for later, and leaves nothing in its scratch folder', async () => {
    const bed = await start();
    const fileId = await bed.upload(await fixture('pages.pdf'), 'application/pdf');
    await bed.processed(fileId);
    await bed.files.requestVariant({ ownerId: '', fileId, processor: 'pdf_thumbnail', options: { page: 2 } }, bed.ada);
    await expect
      .poll(async () => (await bed.jobs(fileId)).map(({ state }) => state), SOON)
      .toEqual([JobState.SUCCEEDED, JobState.SUCCEEDED]);
    await bed.running.stop();
    expect(
      (await readdir(bed.scratch, { recursive: true })).filter((name) => /original|made|[0-9a-f-]{36}$/.test(name)),
    ).toHaveLength(1);
  });

  test('says of bad input what is wrong, once, and does not try again', async () => {
    const bed = await start();
    const fileId = await bed.upload(await fixture('truncated.jpg'), 'image/jpeg');
    const file = await bed.processed(fileId);
    expect(file.processing).toMatchObject({ state: ProcessingState.FAILED, failed: 4 });
    for (const job of await bed.jobs(fileId)) {
      expect(job).toMatchObject({ state: JobState.DEAD, attempt: 1, code: 'corrupt_input' });
      expect(job.reason).toMatch(/^The image is damaged/);
    }
  });

  test('does what it can of a file, and fails the rest alone', async () => {
    const bed = await start();
    const fileId = await bed.upload(await fixture('pages.pdf'), 'application/pdf');
    await bed.files.requestVariant({ ownerId: '', fileId, processor: 'pdf_thumbnail', options: { page: 9 } }, bed.ada);
    await bed.processed(fileId);
    await expect
      .poll(async () => (await bed.jobs(fileId)).map(({ state }) => state).sort())
      .toEqual([JobState.DEAD, JobState.SUCCEEDED]);
  });

  test('refuses what is larger than anything that it processes, without fetching it', async () => {
    let fetched = 0;
    const bed = await start({
      settings: { maxPixels: 1000 },
      objects: (objects) => ({
        get: (key, options) => {
          fetched += 1;
          return objects.get(key, options);
        },
      }),
    });
    const fileId = await bed.upload(await fixture('camera.jpg'), 'image/jpeg');
    await bed.processed(fileId);
    expect(fetched).toBe(0);
    expect((await bed.jobs(fileId))[0]).toMatchObject({
      state: JobState.DEAD,
      code: 'not_processable',
      reason: expect.stringMatching(/^The file is too large to be processed: it has .* MiB; at most 7.8 KiB/),
    });
  });

  test('finds work by itself where no news came', async () => {
    const bed = await openTestBed();
    const fileId = await bed.upload(await fixture('alpha.png'), 'image/png');
    // The news went to nobody; it is not due again for a while.
    await bed.db.unit((tx) => tx.updateTable('processing_jobs').set({ announce_at: 0 }).execute());
    const running = await bed.processor.start({ stopWithin: STOP_WITHIN });
    open.push({ bed, running });
    expect((await bed.processed(fileId)).processing?.state).toBe(ProcessingState.DONE);
  });

  test('is ready once it has a process', async () => {
    const bed = await openTestBed();
    const signal = AbortSignal.timeout(20_000);
    await expect(bed.processor.probe(signal)).rejects.toMatchObject({ code: 'unavailable' });
    const running = await bed.processor.start({ stopWithin: STOP_WITHIN });
    open.push({ bed, running });
    await bed.processor.probe(signal);
  });
});

describe('trouble that passes', () => {
  const retryAtOnce = (bed: TestBed) =>
    bed.db.unit((tx) =>
      tx.updateTable('processing_jobs').set({ due_at: 0, announce_at: 0 }).where('state', '=', 'failed').execute(),
    );

  async function processedInTheEnd(bed: TestBed, fileId: string) {
    await expect
      .poll(async () => {
        await retryAtOnce(bed);
        return (await bed.file(fileId)).processing?.state;
      }, SOON)
      .toBe(ProcessingState.DONE);
  }

  test('of the store: the jobs are tried again, under other keys', async () => {
    let refused = 0;
    const bed = await start({
      objects: (objects) => ({
        put: async (key, body, options) => {
          if (refused++ < 2) throw new HoldfastError('storage_full', 'No space is left.');
          return objects.put(key, body, options);
        },
      }),
    });
    const fileId = await bed.upload(await fixture('alpha.png'), 'image/png');
    await processedInTheEnd(bed, fileId);
    const attempts = (await bed.jobs(fileId)).map(({ attempt }) => attempt).sort();
    expect(attempts).toEqual([1, 1, 2, 2]);
    expect((await keysOf(bed)).filter((key) => key?.includes('-2.'))).toHaveLength(2);
  });

  test('of a put that was done and not answered: the bytes are found to be these', async () => {
    let answered = true;
    const bed = await start({
      objects: (objects) => ({
        put: async (key, body, options) => {
          await objects.put(key, body, options);
          if (answered) {
            answered = false;
            await objects.put(key, body, options);
          }
          return (await objects.head(key)) as never;
        },
      }),
    });
    const fileId = await bed.upload(await fixture('alpha.png'), 'image/png');
    expect((await bed.processed(fileId)).processing).toMatchObject({ state: ProcessingState.DONE });
    expect((await bed.jobs(fileId)).every(({ attempt }) => attempt === 1)).toBe(true);
  });

  test('of the key: bytes of somebody else under it are not taken for ours, nor touched', async () => {
    const bed = await start({
      objects: (objects) => ({
        put: async (key, body, options) => {
          if (key.endsWith('thumbnail-1.webp')) await objects.put(key, Buffer.from('foreign'));
          return objects.put(key, body, options);
        },
      }),
    });
    const fileId = await bed.upload(await fixture('alpha.png'), 'image/png');
    await processedInTheEnd(bed, fileId);
    expect((await bed.jobs(fileId)).find(({ type }) => type === 'thumbnail')).toMatchObject({ attempt: 2 });
    const foreign = (await bed.objects.list('', { limit: 100 })).find(({ key }) => key.endsWith('thumbnail-1.webp'));
    expect(foreign?.size).toBe('foreign'.length);
  });

  test('of files: what could not be reported is reported again', async () => {
    let failures = 3;
    const bed = await start({
      work: (work) => ({
        completeJobs: async (request, context) => {
          if (failures-- > 0) throw new HoldfastError('unavailable', 'Not just now.');
          return work.completeJobs(request, context);
        },
      }),
    });
    const fileId = await bed.upload(await fixture('alpha.png'), 'image/png');
    expect((await bed.processed(fileId)).processing).toMatchObject({ state: ProcessingState.DONE });
    expect((await bed.jobs(fileId)).every(({ attempt }) => attempt === 1)).toBe(true);
  });
});

describe('a lease', () => {
  test('is kept for as long as the work takes', async () => {
    let extended = 0;
    const bed = await start({
      jobLease: 2_000,
      work: (work) => ({
        extendLease: (request, context) => {
          extended += 1;
          return work.extendLease(request, context);
        },
      }),
    });
    const fileId = await bed.upload(await fixture('camera.jpg'), 'image/jpeg');
    const options = { ...SLOW, quality: 80 };
    const { job } = await bed.files.requestVariant({ ownerId: '', fileId, processor: 'webp', options }, bed.ada);
    await expect
      .poll(async () => (await bed.jobs(fileId)).find(({ id }) => id === job?.id)?.state)
      .toBe(JobState.SUCCEEDED);
    expect(extended).toBeGreaterThan(1);
    expect((await bed.jobs(fileId)).every(({ attempt }) => attempt === 1)).toBe(true);
  });

  test('that is lost ends the work, and what it wrote is taken away', async () => {
    const { promise: lost, resolve: lose } = Promise.withResolvers<void>();
    const bed = await start({
      work: (work) => ({
        completeJobs: async (request, context) => {
          if ((await bed.jobs(request.fileId)).every(({ attempt }) => attempt === 1)) {
            // As when another was given the jobs meanwhile.
            lose();
            throw new HoldfastError('lease_lost', 'Lost.');
          }
          return work.completeJobs(request, context);
        },
      }),
    });
    const fileId = await bed.upload(await fixture('camera.jpg'), 'image/jpeg');
    await lost;
    await expect.poll(() => keysOf(bed), SOON).toEqual(['original.jpg']);
    expect((await bed.file(fileId)).variants).toEqual([]);
  });
});

describe('stopping', () => {
  test('lets work end that ends soon', async () => {
    const bed = await start();
    const fileId = await bed.upload(await fixture('camera.jpg'), 'image/jpeg');
    const begun = async () => (await bed.jobs(fileId)).some(({ state }) => state !== JobState.QUEUED);
    await expect.poll(begun, SOON).toBe(true);
    await bed.running.stop();
    expect((await bed.file(fileId)).processing).toMatchObject({ state: ProcessingState.DONE, finished: 4 });
  });

  test('hands back what does not end, in the time that there is', async () => {
    const { promise: fetching, resolve: begun } = Promise.withResolvers<void>();
    const stopWithin = 5_500;
    const bed = await start(
      {
        objects: () => ({
          // A store that does not answer for as long as it is waited for.
          get: (_key, { signal } = {}) => {
            begun();
            return unlessAborted(signal as AbortSignal, new Promise(() => {}));
          },
        }),
      },
      stopWithin,
    );
    const fileId = await bed.upload(await fixture('camera.jpg'), 'image/jpeg');
    await fetching;
    await within(3_000, 'the processor to stop', bed.running.stop());
    expect((await bed.jobs(fileId)).map(({ state, attempt }) => [state, attempt])).toEqual(
      Array(4).fill([JobState.QUEUED, 0]),
    );
  });

  test('takes nothing new', async () => {
    const bed = await start();
    await bed.running.stop();
    const fileId = await bed.upload(await fixture('alpha.png'), 'image/png');
    await new Promise(setImmediate);
    expect((await bed.jobs(fileId)).map(({ state, attempt }) => [state, attempt])).toEqual(
      Array(4).fill([JobState.QUEUED, 0]),
    );
  });
});
