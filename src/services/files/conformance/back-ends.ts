import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HoldfastError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import { FileStatus, JobState, type NewFile, Visibility } from '../../../contract/holdfast/v1/file.ts';
import type { OpenFiles, TestFiles } from '../testing.ts';
import { newFile } from './upload.ts';

const MIB = 1024 ** 2;

/** What another back end may lean on: it names an owner in each request, and asks for many things at once. */
export function backEndLaws(open: OpenFiles): void {
  let bed: TestFiles;
  beforeAll(async () => {
    bed = await open({ maxFileSize: 10 * 1024 * MIB });
  });
  afterAll(() => bed.close());
  /** In each test another. */
  let owner: string;
  beforeEach(() => {
    owner = newId();
  });

  const generate = async (files: readonly NewFile[], ownerId = owner, { files: service, asService } = bed) =>
    (await service.generateUploadURLs({ ownerId, files: [...files] }, asService)).results;
  const held = async ({ db } = bed) =>
    (await db.reader.selectFrom('owners').select(['held']).where('owner_id', '=', owner).executeTakeFirst())?.held ?? 0;
  const failure = (call: Promise<unknown>): Promise<HoldfastError> =>
    call.then(
      () => expect.unreachable(),
      (error) => error,
    );
  const failures = (calls: readonly Promise<unknown>[]) => Promise.all(calls.map(failure));
  const list = (ownerId: string) => ({
    ownerId,
    query: '',
    contentType: '',
    status: FileStatus.UNSPECIFIED,
    trash: false,
    metadata: {},
  });
  const page = (change: object) => ({ page: { limit: 0, cursor: '', sort: '', ...change } });

  describe('many uploads by one call', () => {
    it('are begun by one unit of work and one call of the store, each with all that it needs', async () => {
      const counted = bed.db as { unit: TestFiles['db']['unit'] };
      const { unit } = counted;
      let units = 0;
      counted.unit = (work) => {
        units += 1;
        return unit(work);
      };
      const files = Array.from({ length: 1_000 }, (_, number) => newFile({ name: `${number}.jpg`, size: number }));
      const results = await generate(files);
      counted.unit = unit;
      expect(units).toBe(1);
      expect(results.map(({ file }) => file?.name)).toEqual(files.map(({ name }) => name));
      expect(new Set(results.map(({ upload }) => upload?.request?.url)).size).toBe(1_000);
      const { file, upload } = results[7] ?? {};
      expect(file).toMatchObject({ ownerId: owner, size: 7, status: FileStatus.PENDING });
      expect(upload).toMatchObject({
        parts: [],
        request: { method: 'PUT', headers: { 'content-type': 'image/jpeg' } },
      });
      expect(upload?.expiresAt?.getTime()).toBeGreaterThan(Date.now());
      expect(upload?.confirmUrl).toBe(
        `https://files.example.org/api/uploads/${file?.id}/confirm?token=${upload?.confirmToken}`,
      );
      expect(await held()).toBe(499_500);
      const rows = bed.db.reader.selectFrom('uploads').select('file_id').where('owner_id', '=', owner);
      expect(await rows.execute()).toHaveLength(1_000);
    });

    it('are 1 to 1,000', async () => {
      for (const length of [0, 1_001, 10_000]) {
        expect(await failure(generate(Array(length).fill(newFile({ name: 'a' }))))).toMatchObject({
          code: 'invalid_request',
          fields: [{ path: 'files' }],
        });
      }
    });

    it('fail each by itself, by the fields that are wrong, and leave their room to others', async () => {
      const strict = await open({ userQuota: 100, maxFileSize: 1_000, allowedTypes: ['image/*'] });
      const files = [
        newFile({ size: 60 }),
        newFile({ name: 'a/b' }),
        newFile({ size: 50 }),
        newFile({ size: 40 }),
        newFile({ folder: 'a/../b' }),
        newFile({ size: -1 }),
        newFile({ size: 1_001 }),
        newFile({ sha256: 'abc' }),
        newFile({ contentType: 'a\nb' }),
        newFile({ contentType: 'text/html' }),
        newFile({ metadata: { 'a\u0000': 'b' } }),
        newFile({ metadata: { key: 'x'.repeat(5_000) } }),
        newFile({ expiresAt: new Date(0) }),
        newFile({ expiresAt: new Date('+010000-01-01') }),
      ];
      const results = await generate(files, owner, strict);
      const taken = await held(strict);
      await strict.close();
      expect(results.map(({ error }) => error && [error.code, ...error.fields.map(({ field }) => field)])).toEqual([
        undefined,
        ['invalid_name', 'files[1].name'],
        ['quota_exceeded'],
        undefined,
        ['invalid_name', 'files[4].folder'],
        ['invalid_request', 'files[5].size'],
        ['too_large', 'files[6].size'],
        ['invalid_request', 'files[7].sha256'],
        ['invalid_request', 'files[8].content_type'],
        ['type_not_allowed'],
        ['invalid_request', 'files[10].metadata'],
        ['invalid_request', 'files[11].metadata'],
        ['invalid_request', 'files[12].expires_at'],
        ['invalid_request', 'files[13].expires_at'],
      ]);
      expect(taken).toBe(100);
    });

    it('whose answer would be too large are refused together, and nothing is reserved', async () => {
      const metadata = { note: 'x'.repeat(3_900) };
      expect(await failure(generate(Array(1_000).fill(newFile({ metadata }))))).toMatchObject({ code: 'too_large' });
      expect(await held()).toBe(0);
      const rows = bed.db.reader.selectFrom('files').select('id').where('owner_id', '=', owner);
      expect(await rows.execute()).toEqual([]);
    });

    it('in parts have as many parts signed as there is room for, and more by another call', async () => {
      const large = newFile({ size: 2_000 * MIB });
      const alone = await generate([large]);
      expect(alone[0]?.upload?.parts).toHaveLength(100);
      const some = await generate(Array(40).fill(large));
      expect(some.map(({ upload }) => upload?.parts.length)).toEqual(Array(40).fill(25));
      expect(some[0]?.upload).toMatchObject({ partSize: 16 * MIB, partCount: 125 });

      const metadata = { note: 'x'.repeat(3_900) };
      const full = await generate([...Array(20).fill(large), ...Array(880).fill(newFile({ metadata }))]);
      const counts = new Set(full.slice(0, 20).map(({ upload }) => upload?.parts.length));
      expect(counts.size).toBe(1);
      expect([...counts][0]).toBeLessThan(50);
      const fileId = full[0]?.file?.id as string;
      const more = { ownerId: owner, fileId, from: 51, count: 100 };
      const { parts } = await bed.files.generateUploadPartURLs(more, bed.asService);
      expect(parts.map(({ number }) => number)).toEqual(Array.from({ length: 75 }, (_, index) => 51 + index));
    });

    it('of which the store refuses one in parts, give that one up', async () => {
      const objects = bed.objects as { createMultipart: TestFiles['objects']['createMultipart'] };
      const { createMultipart } = objects;
      let refused = false;
      objects.createMultipart = async (...args) => {
        if (refused) return createMultipart(...args);
        refused = true;
        throw new Error('No.');
      };
      const results = await generate(Array(3).fill(newFile({ size: 100 * MIB })));
      objects.createMultipart = createMultipart;
      expect(results.map(({ error }) => error?.code).toSorted()).toEqual(['internal', undefined, undefined]);
      expect(await held()).toBe(200 * MIB);
    });
  });

  it('owners are told apart by every character, and any text of 1 to 255 is one', async () => {
    const owners = ['a', 'A', 'a ', ' a', 'ä', 'a\u0308', 'ß', 'ss', 'a\n', '../a', '%', "'", '👩'.repeat(255)];
    for (const each of owners) await generate([newFile({ name: 'mine' })], each);
    for (const each of owners) {
      const request = { ...list(each), status: FileStatus.PENDING };
      const { files } = await bed.files.listFiles(request, bed.asService);
      expect(files.map(({ ownerId }) => ownerId)).toEqual([each]);
    }
    for (const wrong of ['', 'x'.repeat(256), '👩'.repeat(256), 'a\u0000']) {
      for (const error of await failures([
        bed.files.listFiles(list(wrong), bed.asService),
        bed.files.getFile({ ownerId: wrong, fileId: newId() }, bed.asService),
        generate([newFile()], wrong),
      ])) {
        expect(error).toMatchObject({ code: 'invalid_request', fields: [{ path: 'owner_id' }] });
      }
    }
  });

  it('a file of another owner is not there, whatever is asked of it', async () => {
    const [result] = await generate([newFile()]);
    const whose = { ownerId: 'other', fileId: result?.file?.id as string };
    const { files } = bed;
    for (const error of await failures([
      files.getUpload(whose, bed.asService),
      files.generateUploadPartURLs({ ...whose, from: 1, count: 1 }, bed.asService),
      files.confirmUpload({ ...whose, parts: [] }, bed.asService),
      files.abortUpload(whose, bed.asService),
      files.getFile(whose, bed.asService),
      files.updateFile({ ...whose, visibility: Visibility.PUBLIC, clearExpiresAt: false }, bed.asService),
      files.deleteFile({ ...whose, permanent: true }, bed.asService),
      files.restoreFile(whose, bed.asService),
      files.generateDownloadURL({ ...whose, variant: '', expiresIn: 0 }, bed.asService),
      files.requestVariant({ ...whose, processor: 'thumbnail' }, bed.asService),
      files.listJobs({ ...whose, state: JobState.UNSPECIFIED }, bed.asService),
    ])) {
      expect(error).toMatchObject({ code: 'not_found' });
    }
  });

  it('what is wrong with a request is named by its path', async () => {
    const { files, asService } = bed;
    const [result] = await generate([newFile({ size: 100 * MIB })]);
    const fileId = result?.file?.id as string;
    const whose = { ownerId: owner, fileId };
    const jobs = { ownerId: owner, fileId: '', state: JobState.UNSPECIFIED };
    const update = { ...whose, visibility: Visibility.UNSPECIFIED, clearExpiresAt: false };
    const soon = new Date(Date.now() + 60_000);
    const url = { ...whose, variant: '', expiresIn: 0 };
    const wrong: [string, Promise<unknown>][] = [
      ['file_id', files.getFile({ ...whose, fileId: '' }, asService)],
      ['file_id', files.deleteFile({ ...whose, fileId: '', permanent: false }, asService)],
      ['file_id', files.confirmUpload({ ...whose, fileId: '', parts: [] }, asService)],
      ['job_id', files.getJob({ ownerId: owner, jobId: '' }, asService)],
      ['job_id', files.retryJob({ ownerId: owner, jobId: '' }, asService)],
      ['from', files.generateUploadPartURLs({ ...whose, from: 0, count: 1 }, asService)],
      ['from', files.generateUploadPartURLs({ ...whose, from: 8, count: 1 }, asService)],
      ['count', files.generateUploadPartURLs({ ...whose, from: 1, count: 101 }, asService)],
      ['page.limit', files.listFiles({ ...list(owner), ...page({ limit: 201 }) }, asService)],
      ['page.sort', files.listFiles({ ...list(owner), ...page({ sort: 'colour' }) }, asService)],
      ['page.cursor', files.listFiles({ ...list(owner), ...page({ cursor: 'x' }) }, asService)],
      ['page.sort', files.listJobs({ ...jobs, ...page({ sort: 'name' }) }, asService)],
      ['query', files.listFiles({ ...list(owner), query: 'x'.repeat(256) }, asService)],
      ['query', files.listFiles({ ...list(owner), query: '\u0000' }, asService)],
      ['content_type', files.listFiles({ ...list(owner), contentType: 'a\u0000' }, asService)],
      ['folder', files.listFiles({ ...list(owner), folder: '..' }, asService)],
      ['metadata.a', files.listFiles({ ...list(owner), metadata: { a: '\u0000' } }, asService)],
      ['name', files.updateFile({ ...update, name: '' }, asService)],
      ['folder', files.updateFile({ ...update, folder: 'a/./b' }, asService)],
      ['metadata', files.updateFile({ ...update, metadata: { entries: { '': 'x' } } }, asService)],
      ['expires_at', files.updateFile({ ...update, expiresAt: new Date(0) }, asService)],
      ['clear_expires_at', files.updateFile({ ...update, expiresAt: soon, clearExpiresAt: true }, asService)],
      ['expires_in', files.generateDownloadURL({ ...url, expiresIn: -1 }, asService)],
      ['expires_in', files.generateDownloadURL({ ...url, expiresIn: 604_801 }, asService)],
      ['download', files.generateDownloadURL({ ...url, download: 'a\nb' }, asService)],
    ];
    const errors = await failures(wrong.map(([, call]) => call));
    for (const [index, [path]] of wrong.entries()) {
      const { code, fields } = errors[index] as HoldfastError;
      expect([code, fields.map((field) => field.path)]).toEqual([expect.stringMatching(/^invalid_/), [path]]);
    }
  });

  it('an id that nobody made, and a variant that cannot be, are not there', async () => {
    const { files, asService } = bed;
    for (const id of ['x', 'a\u0000', '../..', 'x'.repeat(10_000), newId().toUpperCase()]) {
      const whose = { ownerId: owner, fileId: id };
      for (const error of await failures([
        files.getFile(whose, asService),
        files.getUpload(whose, asService),
        files.abortUpload(whose, asService),
        files.restoreFile(whose, asService),
        files.requestVariant({ ...whose, processor: 'a' }, asService),
        files.getJob({ ownerId: owner, jobId: id }, asService),
        files.retryJob({ ownerId: owner, jobId: id }, asService),
      ])) {
        expect(error).toMatchObject({ code: 'not_found' });
      }
    }
  });

  it('parts that a back end believes it sent are compared with those that came', async () => {
    const [result] = await generate([newFile({ size: 65 * MIB })]);
    const fileId = result?.file?.id as string;
    const { source_key: key, multipart_id: multipartId } = await bed.db.reader
      .selectFrom('uploads')
      .selectAll()
      .where('file_id', '=', fileId)
      .executeTakeFirstOrThrow();
    for (const [number, size] of [16, 16, 16, 16, 1].entries()) {
      const grant = { action: 'put-part', key, multipartId: multipartId as string, number: number + 1 } as const;
      const body = Readable.from([Buffer.alloc(size * MIB)]);
      await bed.objects.endpoint?.putPart({ ...grant, size: size * MIB }, body, AbortSignal.timeout(20_000));
    }
    const { received } = await bed.files.getUpload({ ownerId: owner, fileId }, bed.asService);
    const confirm = (parts: typeof received) =>
      bed.files.confirmUpload({ ownerId: owner, fileId, parts }, bed.asService);
    const [first, ...rest] = received as [(typeof received)[number]];
    expect(await failure(confirm([{ ...first, number: 6 }]))).toMatchObject({ fields: [{ path: 'parts[0].number' }] });
    expect(await failure(confirm([{ ...first, size: 1 }]))).toMatchObject({ code: 'upload_not_complete' });
    expect(await failure(confirm([{ ...first, etag: 'other' }]))).toMatchObject({ code: 'upload_not_complete' });
    const asInHeaders = [first, ...rest].map((part) => ({ ...part, etag: `"${part.etag}"` }));
    expect((await confirm(asInHeaders)).file?.status).toBe(FileStatus.UPLOADED);
  });
}
