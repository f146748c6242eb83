import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobOutcome } from '../../../contract/holdfast/internal/v1/work.ts';
import { Visibility } from '../../../contract/holdfast/v1/file.ts';
import { startDispatch } from '../jobs/dispatch.ts';
import { recoverLostJobs } from '../jobs/recover.ts';
import type { OpenFiles, TestFiles } from '../testing.ts';

export function jobLaws(open: OpenFiles): void {
  let bed: TestFiles;
  let fileId: string;
  beforeEach(async () => {
    bed = await open();
    const file = {
      name: 'a.jpg',
      folder: '',
      contentType: 'image/jpeg',
      size: 1,
      metadata: {},
      visibility: Visibility.UNSPECIFIED,
    };
    ({ fileId } = await bed.uploads.beginUpload({ ownerId: '', file, sizeUnknown: false, part: 0 }, bed.as('ada')));
    await bed.uploads.finishUpload({ ownerId: '', fileId, size: 1, sha256: 'a'.repeat(64) }, bed.as('ada'));
  });
  afterEach(() => bed.close());

  const claim = () => bed.work.claimJobs({ fileId }, bed.asService);
  const complete = (leaseToken: string, ...outcomes: JobOutcome[]) =>
    bed.work.completeJobs({ fileId, leaseToken, outcomes }, bed.asService);
  const made = (jobId: string, key: string): JobOutcome => ({
    jobId,
    variant: { key, contentType: 'image/jpeg', size: 5, width: 3, height: 2, sha256: 'c'.repeat(64) },
  });
  const failed = (jobId: string, permanent = false): JobOutcome => ({
    jobId,
    failure: { code: 'corrupt_input', reason: 'It is damaged.', permanent, crashed: false },
  });
  const file = async () => (await bed.files.getFile({ ownerId: '', fileId }, bed.as('ada'))).file;
  const makeDue = () =>
    bed.db.unit((tx) => tx.updateTable('processing_jobs').set({ due_at: 0, announce_at: 0 }).execute());
  const loseLease = () =>
    bed.db.unit((tx) =>
      tx.updateTable('processing_jobs').set({ lease_until: 0 }).where('state', '=', 'running').execute(),
    );
  const recover = async () => {
    const now = await bed.db.now();
    await bed.db.unit((tx) => recoverLostJobs(tx, fileId, now));
  };

  describe('jobs', () => {
    it('are claimed by one, completed under its lease, and counted', async () => {
      const [first, second] = await Promise.all([claim(), claim()]);
      const won = first.jobs.length > 0 ? first : second;
      const lost = first.jobs.length > 0 ? second : first;
      expect(won.jobs.map((job) => job.type)).toEqual(['thumbnail', 'small']);
      expect(lost.jobs).toEqual([]);

      const [a, b] = won.jobs.map((job) => job.id) as [string, string];
      await complete(won.leaseToken, made(a, 'k/1'));
      expect(await file()).toMatchObject({
        processing: { state: 'PROCESSING_STATE_RUNNING', finished: 1 },
        variants: [{ type: 'thumbnail', width: 3 }],
      });
      await complete(won.leaseToken, made(b, 'k/2'));
      expect(await file()).toMatchObject({
        processing: { state: 'PROCESSING_STATE_DONE', total: 2, finished: 2, failed: 0 },
      });
      const events = await bed.db.reader
        .selectFrom('files_outbox')
        .select(['type', 'sequence'])
        .orderBy('sequence')
        .execute();
      expect(events.map(({ type, sequence }) => `${sequence} ${type}`)).toEqual([
        '1 file.uploaded',
        '2 variant.ready',
        '3 variant.ready',
        '4 file.processed',
      ]);
    });

    it('are written by nobody whose lease is another’s, not even in part', async () => {
      const stale = await claim();
      await loseLease();
      await recover();
      const fresh = await claim();
      const ids = stale.jobs.map((job) => job.id) as [string, string];
      await expect(complete(stale.leaseToken, made(ids[0], 'k/old'))).rejects.toMatchObject({ code: 'lease_lost' });
      await expect(bed.work.extendLease({ fileId, leaseToken: stale.leaseToken }, bed.asService)).rejects.toMatchObject(
        {
          code: 'lease_lost',
        },
      );
      await complete(fresh.leaseToken, made(ids[0], 'k/new'));
      await expect(complete(fresh.leaseToken, made(ids[1], 'k/x'), made(ids[0], 'k/y'))).rejects.toMatchObject({
        code: 'lease_lost',
      });
      expect((await file())?.variants.map((variant) => variant.type)).toEqual(['thumbnail']);
      expect(stale.jobs[0]?.keyStem).not.toBe(fresh.jobs[0]?.keyStem);
    });

    it('that fail for a passing reason are tried again until they are given up; the file stays whole', async () => {
      for (const state of ['FAILED', 'FAILED', 'DEAD']) {
        const { jobs, leaseToken } = await claim();
        await complete(leaseToken, failed((jobs.find((job) => job.type === 'small') as { id: string }).id));
        await bed.work.releaseJobs({ fileId, leaseToken }, bed.asService);
        const { jobs: shown } = await bed.files.listJobs(
          { ownerId: '', fileId, state: 'JOB_STATE_UNSPECIFIED' },
          bed.as('ada'),
        );
        expect(shown.find((job) => job.type === 'small')).toMatchObject({
          state: `JOB_STATE_${state}`,
          code: 'corrupt_input',
          reason: 'It is damaged.',
        });
        // Not before its time.
        expect((await claim()).jobs.map((job) => job.type)).toEqual(['thumbnail']);
        await loseLease();
        await recover();
        await makeDue();
      }
      const { jobs, leaseToken } = await claim();
      await complete(leaseToken, made((jobs[0] as { id: string }).id, 'k/1'));
      expect(await file()).toMatchObject({
        status: 'FILE_STATUS_UPLOADED',
        processing: { state: 'PROCESSING_STATE_FAILED', finished: 1, failed: 1 },
      });
    });

    it('that died are run again when asked', async () => {
      const { jobs, leaseToken } = await claim();
      const [a, b] = jobs.map((job) => job.id) as [string, string];
      await complete(leaseToken, made(a, 'k/1'), failed(b, true));
      expect(await file()).toMatchObject({ processing: { state: 'PROCESSING_STATE_FAILED' } });
      await expect(bed.files.retryJob({ ownerId: '', jobId: b }, bed.as('bob'))).rejects.toMatchObject({
        code: 'not_found',
      });
      await expect(bed.files.retryJob({ ownerId: '', jobId: a }, bed.as('ada'))).rejects.toMatchObject({
        code: 'conflict',
      });
      await bed.files.retryJob({ ownerId: '', jobId: b }, bed.as('ada'));
      const again = await claim();
      await complete(again.leaseToken, made(b, 'k/2'));
      expect(await file()).toMatchObject({ processing: { state: 'PROCESSING_STATE_DONE', finished: 2, failed: 0 } });
    });

    it('whose processor is lost again and again are given up, counted apart from failures', async () => {
      for (let loss = 0; loss <= 20; loss++) {
        expect((await claim()).jobs).toHaveLength(2);
        await loseLease();
        await recover();
      }
      expect((await claim()).jobs).toEqual([]);
      const { jobs } = await bed.files.listJobs({ ownerId: '', fileId, state: 'JOB_STATE_DEAD' }, bed.as('ada'));
      expect(jobs).toHaveLength(2);
      expect(jobs[0]).toMatchObject({ code: 'processor_crashed', attempt: 0 });
    });

    it('are cancelled in the trash and queued again by restoring', async () => {
      await bed.files.deleteFile({ ownerId: '', fileId, permanent: false }, bed.as('ada'));
      expect((await claim()).jobs).toEqual([]);
      await bed.files.restoreFile({ ownerId: '', fileId }, bed.as('ada'));
      expect((await claim()).jobs).toHaveLength(2);
    });

    it('replace a variant, and name the object that nobody needs any more', async () => {
      const { jobs, leaseToken } = await claim();
      const [a, b] = jobs.map((job) => job.id) as [string, string];
      await complete(leaseToken, made(a, 'k/1'), made(b, 'k/2'));
      await bed.db.unit((tx) =>
        tx.updateTable('processing_jobs').set({ state: 'queued' }).where('id', '=', a).execute(),
      );
      const again = await claim();
      expect(await complete(again.leaseToken, made(a, 'k/3'))).toEqual({ obsoleteKeys: ['k/1'] });
    });

    it('are announced by dispatch when their time has come', async () => {
      await makeDue();
      const heard = new Promise((resolve) => {
        void bed.broker.consume('work', { group: 'test', concurrency: 1 }, async (message) => resolve(message));
      });
      const dispatch = startDispatch({ ...bed, onEvent: () => {}, log: bed.asService.log });
      expect(await heard).toEqual({ fileId });
      await dispatch.stop();
      expect((await bed.work.listDueFiles({ limit: 10 }, bed.asService)).fileIds).toEqual([]);
    });

    it('asked for twice are one job', async () => {
      const ask = () =>
        bed.files.requestVariant({ ownerId: '', fileId, processor: 'webp', options: { quality: 5 } }, bed.as('ada'));
      const { job } = await ask();
      expect((await ask()).job?.id).toBe(job?.id);
      expect(job).toMatchObject({ type: 'webp-asked', state: 'JOB_STATE_QUEUED', options: { quality: 5 } });
      expect(await file()).toMatchObject({ processing: { total: 2 } });
    });
  });
}
