import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HoldfastError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import { JobState, Visibility } from '../../../contract/holdfast/v1/file.ts';
import type { OpenFiles, TestFiles } from '../testing.ts';

const MOST_FILES = 6;
const MOST_BYTES = 100;

const newFile = (size: number) => ({
  name: 'a.txt',
  folder: '',
  contentType: 'text/plain',
  size,
  metadata: {},
  visibility: Visibility.UNSPECIFIED,
});

const ANY = { ownerId: '', fileId: '', type: '', code: '' };

/** Quotas of bytes and of files, and what admins see of them. */
export function quotaLaws(open: OpenFiles): void {
  let bed: TestFiles;
  beforeEach(async () => {
    bed = await open({ userMaxFiles: MOST_FILES, userQuota: MOST_BYTES });
  });
  afterEach(() => bed.close());

  const usageOf = async (owner: string) =>
    (await bed.files.getUsage({ ownerId: '' }, bed.as(owner))).usage ?? expect.unreachable();
  const begin = (owner: string, size: number, more = {}) =>
    bed.uploads.beginUpload({ ownerId: '', file: newFile(size), sizeUnknown: false, part: 0, ...more }, bed.as(owner));
  const beginMany = (owner: string, sizes: readonly number[]) =>
    bed.files.generateUploadURLs({ ownerId: owner, files: sizes.map(newFile) }, bed.asService);
  const finish = (owner: string, fileId: string, size: number) =>
    bed.uploads.finishUpload({ ownerId: '', fileId, size, sha256: 'a'.repeat(64) }, bed.as(owner));
  const purge = async (fileId: string) => {
    await bed.maintenance.beginPurge({ fileId }, bed.asService);
    await bed.maintenance.finishPurge({ fileId }, bed.asService);
  };

  /** What the rows of files and uploads say that the owner has. */
  async function counted(owner: string) {
    const files = await bed.db.reader.selectFrom('files').selectAll().where('owner_id', '=', owner).execute();
    const uploads = await bed.db.reader.selectFrom('uploads').selectAll().where('owner_id', '=', owner).execute();
    const whole = files.filter(({ status }) => status !== 'pending');
    const pending = files.filter(({ status, purge_reason }) => status === 'pending' && purge_reason === null);
    const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
    return {
      bytes: {
        used: sum(whole.map(({ size }) => size)),
        held: sum(uploads.map(({ held }) => held)),
        limit: MOST_BYTES,
      },
      files: { used: whole.length, held: pending.length, limit: MOST_FILES },
    };
  }

  it('are never passed, however many begin at once and in whichever way, and count what is there', async () => {
    type Step = readonly ['begin' | 'many' | 'finish' | 'abandon' | 'trash' | 'delete' | 'purge' | 'sweep', number];
    const step = fc.tuple(
      fc.constantFrom('begin', 'begin', 'many', 'finish', 'finish', 'abandon', 'trash', 'delete', 'purge', 'sweep'),
      fc.nat(30),
    ) as fc.Arbitrary<Step>;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { maxLength: 6 }), async (bursts) => {
        const owner = newId();
        const begun: { fileId: string; size: number }[] = [];
        const perform = async ([verb, number]: Step): Promise<unknown> => {
          const some = begun[number % Math.max(1, begun.length)];
          if (verb === 'begin') return begun.push({ fileId: (await begin(owner, number)).fileId, size: number });
          if (verb === 'many') {
            const { results } = await beginMany(owner, new Array(1 + (number % 9)).fill(number));
            for (const { file } of results) if (file) begun.push({ fileId: file.id, size: number });
            return results;
          }
          if (!some) return undefined;
          const { fileId, size } = some;
          if (verb === 'finish') return finish(owner, fileId, size);
          if (verb === 'abandon') return bed.uploads.abandonUpload({ ownerId: '', fileId }, bed.as(owner));
          if (verb === 'purge') return purge(fileId);
          if (verb === 'sweep') return bed.maintenance.settleLostUpload({ fileId }, bed.asService);
          return bed.files.deleteFile({ ownerId: '', fileId, permanent: verb === 'delete' }, bed.as(owner));
        };
        for (const burst of bursts) {
          const outcomes = await Promise.allSettled(burst.map(perform));
          for (const outcome of outcomes) {
            if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(HoldfastError);
          }
          const { bytes, files } = await usageOf(owner);
          expect({ bytes, files }).toEqual(await counted(owner));
          expect((files?.used ?? 0) + (files?.held ?? 0)).toBeLessThanOrEqual(MOST_FILES);
          expect((bytes?.used ?? 0) + (bytes?.held ?? 0)).toBeLessThanOrEqual(MOST_BYTES);
        }
      }),
      { numRuns: 12 },
    );
  });

  it('hold files as they do bytes: all at once and together, the trash counts, purging gives back', async () => {
    const { fileId } = await begin('ada', 1);
    const outcomes = await Promise.allSettled([
      ...Array.from({ length: 8 }, () => begin('ada', 1)),
      ...Array.from({ length: 4 }, () => beginMany('ada', [1, 1, 1])),
    ]);
    const codes = outcomes.flatMap((outcome) => {
      if (outcome.status === 'rejected') return [outcome.reason.code];
      return 'results' in outcome.value ? outcome.value.results.map(({ error }) => error?.code) : [undefined];
    });
    expect(codes.filter((code) => code === undefined)).toHaveLength(MOST_FILES - 1);
    expect(codes.filter((code) => code === 'file_quota_exceeded')).toHaveLength(20 - MOST_FILES + 1);
    expect((await usageOf('ada')).files).toEqual({ used: 0, held: MOST_FILES, limit: MOST_FILES });

    const isFull = () => expect(begin('ada', 1)).rejects.toMatchObject({ code: 'file_quota_exceeded' });
    await finish('ada', fileId, 1);
    await isFull();
    await bed.files.deleteFile({ ownerId: '', fileId, permanent: false }, bed.as('ada'));
    await isFull();
    await bed.files.deleteFile({ ownerId: '', fileId, permanent: true }, bed.as('ada'));
    await isFull();
    await purge(fileId);
    await begin('ada', 1);
    await isFull();
  });

  it('let no one of thousands through, by one owner at once', async () => {
    await bed.close();
    bed = await open({ userMaxFiles: 1_234, userQuota: 10_000 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => beginMany('ada', new Array(1_000).fill(1))));
    const begun = answers.flatMap(({ results }) => results.filter(({ file }) => file !== undefined));
    expect(begun).toHaveLength(1_234);
    expect((await usageOf('ada')).files).toEqual({ used: 0, held: 1_234, limit: 1_234 });
  });

  it('may be an owner’s own, larger or smaller, and its defaults again', async () => {
    const set = async (quotas: object) =>
      (await bed.admin.setQuota({ ownerId: 'ada', ...quotas }, bed.asService)).usage ?? expect.unreachable();
    expect(await set({ files: { limit: 1 } })).toEqual({
      ownerId: 'ada',
      bytes: { used: 0, held: 0, limit: MOST_BYTES },
      files: { used: 0, held: 0, limit: 1 },
    });
    await begin('ada', 1);
    await expect(begin('ada', 1)).rejects.toMatchObject({ code: 'file_quota_exceeded' });
    expect((await set({ bytes: { limit: 1000 }, files: {} })).files?.limit).toBe(MOST_FILES);
    await expect(begin('ada', 500)).resolves.toBeDefined();
    expect((await set({ bytes: { limit: 0 } })).bytes).toEqual({ used: 0, held: 501, limit: 0 });
    await expect(begin('ada', 1)).rejects.toMatchObject({ code: 'quota_exceeded' });
    for (const quotas of [{ bytes: { limit: -1 } }, { files: { limit: -5 } }]) {
      await expect(set(quotas)).rejects.toMatchObject({ code: 'invalid_request' });
    }
    await expect(bed.admin.setQuota({ ownerId: '' }, bed.asService)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('are listed owner by owner, in any order, and all together', async () => {
    for (const [index, owner] of ['b', 'a', 'C', 'ä', 'aa'].entries()) await begin(owner, index);
    for (const [owner, sizes] of Object.entries({ a: [20], C: [2, 3], aa: [5] })) {
      for (const size of sizes) {
        const { fileId } = await begin(owner, size);
        await finish(owner, fileId, size);
      }
    }
    const list = async (sort: string) => {
      const seen: string[] = [];
      for (let cursor = ''; ; ) {
        const { usage, nextCursor } = await bed.admin.listUsage({ page: { limit: 2, cursor, sort } }, bed.asService);
        seen.push(
          ...usage.map(({ ownerId, files, bytes }) => `${ownerId} ${files?.used} ${bytes?.used} ${bytes?.held}`),
        );
        if (nextCursor === '') return seen;
        cursor = nextCursor;
      }
    };
    const byOwner = ['C 2 5 2', 'a 1 20 1', 'aa 1 5 4', 'b 0 0 0', 'ä 0 0 3'];
    expect(await list('')).toEqual(byOwner);
    expect(await list('-owner_id')).toEqual(byOwner.toReversed());
    expect(await list('-bytes')).toEqual(['a 1 20 1', 'aa 1 5 4', 'C 2 5 2', 'ä 0 0 3', 'b 0 0 0']);
    expect(await list('files')).toEqual(['b 0 0 0', 'ä 0 0 3', 'a 1 20 1', 'aa 1 5 4', 'C 2 5 2']);
    await expect(list('held')).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await bed.admin.getTotalUsage({}, bed.asService)).toEqual({
      owners: 5,
      usage: { ownerId: '', bytes: { used: 30, held: 10 }, files: { used: 4, held: 5 } },
    });
    expect(await usageOf('nobody yet')).toMatchObject({ bytes: { used: 0, held: 0 }, files: { used: 0, held: 0 } });
  });

  it('admins see the dead jobs of all, and run them again', async () => {
    const die = async (owner: string, code: string) => {
      const { fileId } = await begin(owner, 1, { file: { ...newFile(1), contentType: 'image/png' } });
      await finish(owner, fileId, 1);
      const { leaseToken, jobs } = await bed.work.claimJobs({ fileId }, bed.asService);
      const failure = { code, reason: 'It is so.', permanent: true, crashed: false };
      const outcomes = jobs.map(({ id: jobId }) => ({ jobId, failure }));
      await bed.work.completeJobs({ fileId, leaseToken, outcomes }, bed.asService);
      return fileId;
    };
    const [adas] = [await die('ada', 'corrupt_input'), await die('grace', 'out_of_memory')];
    const list = async (filter = {}, page = { limit: 0, cursor: '', sort: '' }) =>
      bed.admin.listAllJobs({ page, state: JobState.UNSPECIFIED, filter: { ...ANY, ...filter } }, bed.asService);
    const dead = await list();
    expect(dead.jobs.map(({ ownerId, job }) => [ownerId, job?.state, job?.code])).toEqual([
      ['grace', JobState.DEAD, 'out_of_memory'],
      ['grace', JobState.DEAD, 'out_of_memory'],
      ['ada', JobState.DEAD, 'corrupt_input'],
      ['ada', JobState.DEAD, 'corrupt_input'],
    ]);
    const pages: unknown[] = [];
    for (let cursor = ''; ; ) {
      const { jobs, nextCursor } = await list({}, { limit: 1, cursor, sort: '' });
      pages.push(...jobs);
      if (nextCursor === '') break;
      cursor = nextCursor;
    }
    expect(pages).toEqual(dead.jobs);
    expect((await list({ ownerId: 'ada' })).jobs).toEqual(dead.jobs.slice(2));
    expect((await list({ type: 'small', code: 'out_of_memory' })).jobs).toHaveLength(1);

    const retry = (request: object) =>
      bed.admin.retryJobs({ jobId: '', filter: undefined, limit: 0, ...request }, bed.asService);
    expect(await retry({ jobId: dead.jobs[0]?.job?.id })).toEqual({ retried: 1, more: false });
    expect(await retry({ filter: { ...ANY, code: 'nothing' } })).toEqual({ retried: 0, more: false });
    expect(await retry({ limit: 1 })).toEqual({ retried: 1, more: true });
    await bed.files.deleteFile({ ownerId: '', fileId: adas, permanent: false }, bed.as('ada'));
    expect(await retry({})).toEqual({ retried: 0, more: false });
    await bed.files.restoreFile({ ownerId: '', fileId: adas }, bed.as('ada'));
    expect(await retry({})).toEqual({ retried: 2, more: false });
    expect((await list()).jobs).toEqual([]);
    expect((await bed.files.getFile({ ownerId: '', fileId: adas }, bed.as('ada'))).file?.processing).toMatchObject({
      failed: 0,
    });
  });
}
