import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NewFile } from '../../../contract/holdfast/v1/file.ts';
import { Visibility } from '../../../contract/holdfast/v1/file.ts';
import type { OpenFiles, TestFiles } from '../testing.ts';

export function uploadLaws(open: OpenFiles): void {
  let bed: TestFiles;
  beforeEach(async () => {
    bed = await open({ userQuota: 1000 });
  });
  afterEach(() => bed.close());

  const newFile = (change: Partial<NewFile> = {}): NewFile => ({
    name: 'photo.jpg',
    folder: '',
    contentType: 'image/jpeg',
    size: 100,
    metadata: {},
    visibility: Visibility.UNSPECIFIED,
    ...change,
  });
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

  const begin = (
    owner: string,
    file: Partial<NewFile> = {},
    more: { idempotencyId?: string; sizeUnknown?: boolean } = {},
  ) =>
    bed.uploads.beginUpload({ ownerId: '', file: newFile(file), sizeUnknown: false, part: 0, ...more }, bed.as(owner));
  const finish = (owner: string, fileId: string, size = 100, hash = 'a'.repeat(64)) =>
    bed.uploads.finishUpload({ ownerId: '', fileId, size, sha256: hash }, bed.as(owner));
  const usage = async (owner: string) => {
    const row = await bed.db.reader
      .selectFrom('owners')
      .select(['used', 'held'])
      .where('owner_id', '=', owner)
      .executeTakeFirst();
    return row && { ...row };
  };

  describe('an upload through the API', () => {
    it('is pending and invisible until it is finished, then whole, with its jobs and its event', async () => {
      const { fileId } = await begin('ada');
      expect(await usage('ada')).toEqual({ used: 0, held: 100 });
      const { files } = await bed.files.listFiles(listAll, bed.as('ada'));
      expect(files).toEqual([]);

      const { file, jobs } = await finish('ada', fileId);
      expect(file).toMatchObject({ id: fileId, status: 'FILE_STATUS_UPLOADED', size: 100, processing: { total: 2 } });
      expect(jobs.map((job) => [job.type, job.state])).toEqual([
        ['thumbnail', 'JOB_STATE_QUEUED'],
        ['small', 'JOB_STATE_QUEUED'],
      ]);
      expect(await usage('ada')).toEqual({ used: 100, held: 0 });
      const events = await bed.db.reader.selectFrom('files_outbox').select(['type', 'sequence']).execute();
      expect(events.map((event) => ({ ...event }))).toEqual([{ type: 'file.uploaded', sequence: 1 }]);
    });

    it('is finished with what its file was changed to meanwhile', async () => {
      const { fileId } = await begin('ada');
      const change = { ownerId: '', fileId, name: 'holiday.jpg', visibility: Visibility.PUBLIC, clearExpiresAt: false };
      await bed.files.updateFile(change, bed.as('ada'));
      const { file } = await finish('ada', fileId);
      expect(file).toMatchObject({ name: 'holiday.jpg', visibility: 'VISIBILITY_PUBLIC', size: 100 });
      const events = await bed.db.reader
        .selectFrom('files_outbox')
        .select(['type', 'sequence', 'data'])
        .orderBy('sequence')
        .execute();
      expect(events.map(({ type, sequence }) => [type, sequence])).toEqual([
        ['file.updated', 1],
        ['file.uploaded', 2],
      ]);
      expect(JSON.parse(events[1]?.data ?? '')).toMatchObject({ name: 'holiday.jpg' });
      expect(await usage('ada')).toEqual({ used: 100, held: 0 });
    });

    it('is finished once, however often it is said', async () => {
      const { fileId } = await begin('ada');
      const answers = await Promise.all([finish('ada', fileId), finish('ada', fileId), finish('ada', fileId)]);
      expect(new Set(answers.map(({ jobs }) => jobs.map((job) => job.id).join())).size).toBe(1);
      expect(await usage('ada')).toEqual({ used: 100, held: 0 });
    });

    it('gives back what it held when it is given up, and cannot be finished then', async () => {
      const { fileId } = await begin('ada');
      await bed.uploads.abandonUpload({ ownerId: '', fileId }, bed.as('ada'));
      expect(await usage('ada')).toEqual({ used: 0, held: 0 });
      await expect(finish('ada', fileId)).rejects.toMatchObject({ code: 'not_found' });
    });

    it('is refused where the bytes are not those that were declared, and stays open', async () => {
      const { fileId } = await begin('ada', { sha256: 'b'.repeat(64) });
      await expect(finish('ada', fileId, 99, 'b'.repeat(64))).rejects.toMatchObject({ code: 'size_mismatch' });
      await expect(finish('ada', fileId)).rejects.toMatchObject({ code: 'checksum_mismatch' });
      await expect(finish('ada', fileId, 100, 'b'.repeat(64))).resolves.toBeDefined();
    });

    it('cannot pass the quota, however many begin at once', async () => {
      const begun = await Promise.allSettled(Array.from({ length: 30 }, () => begin('ada')));
      expect(begun.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
      expect(begun.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'quota_exceeded' } });
      expect(await usage('ada')).toEqual({ used: 0, held: 1000 });
    });

    it('of unknown length holds what it needs, in steps, and no more than the quota', async () => {
      await bed.close();
      bed = await open({ userQuota: 3 * 1024 ** 2 });
      const { fileId, held } = await begin('ada', {}, { sizeUnknown: true });
      expect(held).toBe(1024 ** 2);
      const extend = (size: number) => bed.uploads.extendUpload({ ownerId: '', fileId, size }, bed.as('ada'));
      expect(await extend(1024 ** 2 + 1)).toEqual({ held: 2 * 1024 ** 2 });
      await expect(extend(3 * 1024 ** 2 + 1)).rejects.toMatchObject({ code: 'quota_exceeded' });
      await finish('ada', fileId, 5);
      expect(await usage('ada')).toEqual({ used: 5, held: 0 });
    });

    it('is nobody else’s', async () => {
      const { fileId } = await begin('ada');
      await expect(finish('bob', fileId)).rejects.toMatchObject({ code: 'not_found' });
      await finish('ada', fileId);
      await expect(bed.files.getFile({ ownerId: '', fileId }, bed.as('bob'))).rejects.toMatchObject({
        code: 'not_found',
      });
      await expect(bed.files.getFile({ ownerId: 'ada', fileId }, bed.as('bob'))).rejects.toMatchObject({
        code: 'forbidden',
      });
    });
  });

  describe('an idempotency key', () => {
    const claim = () => bed.uploads.claimIdempotencyKey({ ownerId: '', key: 'k' }, bed.as('ada'));

    it('is in flight, then answers what was answered, for its owner alone', async () => {
      const { id } = await claim();
      await expect(claim()).rejects.toMatchObject({ code: 'idempotency_in_flight' });
      await bed.uploads.settleIdempotencyKey({ ownerId: '', id, fingerprint: 'f', answer: '{}' }, bed.as('ada'));
      expect(await claim()).toEqual({ id, fingerprint: 'f', answer: '{}' });
      expect(await bed.uploads.claimIdempotencyKey({ ownerId: '', key: 'k' }, bed.as('bob'))).not.toMatchObject({ id });
    });

    it('is free again where the request failed', async () => {
      const { id } = await claim();
      await bed.uploads.settleIdempotencyKey({ ownerId: '', id, fingerprint: '' }, bed.as('ada'));
      expect((await claim()).id).not.toBe(id);
    });

    it('is taken up where the request failed, though a file of it is confirmed or may yet be', async () => {
      const { id } = await claim();
      const settle = () => bed.uploads.settleIdempotencyKey({ ownerId: '', id, fingerprint: '' }, bed.as('ada'));
      const { fileId } = await begin('ada', {}, { idempotencyId: id });
      await settle();
      expect(await claim()).toEqual({ id });
      await finish('ada', fileId);
      await settle();
      expect(await claim()).toEqual({ id });
      expect((await begin('ada', {}, { idempotencyId: id })).existing?.id).toBe(fileId);
    });

    it('is free again where all that the request began was given up', async () => {
      const { id } = await claim();
      const { fileId } = await begin('ada', {}, { idempotencyId: id });
      await bed.uploads.abandonUpload({ ownerId: '', fileId }, bed.as('ada'));
      await bed.uploads.settleIdempotencyKey({ ownerId: '', id, fingerprint: '' }, bed.as('ada'));
      expect((await claim()).id).not.toBe(id);
    });

    it('is taken up after its request died: what was confirmed is kept, what was not begins anew', async () => {
      const { id } = await claim();
      const confirmed = await begin('ada', {}, { idempotencyId: id });
      await finish('ada', confirmed.fileId);
      const left = await bed.uploads.beginUpload(
        { ownerId: '', file: newFile(), sizeUnknown: false, part: 1, idempotencyId: id },
        bed.as('ada'),
      );
      await bed.db.unit((tx) => tx.updateTable('idempotency_keys').set({ lease_until: 0 }).execute());

      expect(await claim()).toEqual({ id });
      expect((await begin('ada', {}, { idempotencyId: id })).existing?.id).toBe(confirmed.fileId);
      const again = await bed.uploads.beginUpload(
        { ownerId: '', file: newFile(), sizeUnknown: false, part: 1, idempotencyId: id },
        bed.as('ada'),
      );
      expect(again.fileId).not.toBe(left.fileId);
      // The request that was thought dead comes too late.
      await expect(finish('ada', left.fileId)).rejects.toMatchObject({ code: 'not_found' });
    });
  });

  describe('a signed upload', () => {
    const body = randomBytes(500);
    const sign = async (file: Partial<NewFile> = {}) => {
      const request = { ownerId: '', files: [newFile({ size: body.length, contentType: 'text/plain', ...file })] };
      const [result] = (await bed.files.generateUploadURLs(request, bed.as('ada'))).results;
      return result ?? {};
    };
    const confirm = (fileId: string, confirmToken?: string) =>
      bed.files.confirmUpload({ ownerId: '', fileId, confirmToken, parts: [] }, bed.as('ada'));
    const put = (fileId: string, bytes: Uint8Array = body) => bed.objects.put(`in/${fileId}`, Readable.from([bytes]));

    it('is confirmed once its bytes are there, and moved to a key that was never signed', async () => {
      const { file, upload } = await sign({ sha256: sha256(body) });
      const fileId = file?.id as string;
      expect(upload?.request?.method).toBe('PUT');
      await expect(confirm(fileId)).rejects.toMatchObject({ code: 'upload_not_complete' });
      await put(fileId);
      await bed.uploads.checkUploadOpen({ key: `in/${fileId}` }, bed.as('ada'));

      const confirmed = await Promise.allSettled([confirm(fileId), confirm(fileId), confirm(fileId)]);
      expect(confirmed.some(({ status }) => status === 'fulfilled')).toBe(true);
      for (const result of confirmed)
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'upload_busy' });
      expect((await confirm(fileId)).file).toMatchObject({ status: 'FILE_STATUS_UPLOADED', sha256: sha256(body) });

      expect(await bed.objects.head(`in/${fileId}`)).toBeUndefined();
      await expect(bed.uploads.checkUploadOpen({ key: `in/${fileId}` }, bed.as('ada'))).rejects.toMatchObject({
        code: 'upload_closed',
      });
      expect(await usage('ada')).toEqual({ used: 500, held: 0 });
    });

    it('whose bytes are wrong can be sent again', async () => {
      const { file } = await sign({ sha256: sha256(body) });
      const fileId = file?.id as string;
      await put(fileId, body.subarray(1));
      await expect(confirm(fileId)).rejects.toMatchObject({ code: 'size_mismatch' });
      await put(fileId, randomBytes(body.length));
      await expect(confirm(fileId)).rejects.toMatchObject({ code: 'checksum_mismatch' });
      await put(fileId);
      await expect(confirm(fileId)).resolves.toBeDefined();
    });

    it('is what was looked at, though its URL is used again meanwhile', async () => {
      const { file } = await sign();
      const fileId = file?.id as string;
      await put(fileId);
      const objects = bed.objects as { get: typeof bed.objects.get };
      const get = objects.get;
      objects.get = async (key, options) => {
        const read = await get(key, options);
        // As on a store where the URL goes on writing.
        await bed.objects.delete([`in/${fileId}`]);
        await put(fileId, randomBytes(body.length));
        return read;
      };
      await confirm(fileId);
      objects.get = get;
      const row = await bed.db.reader.selectFrom('files').select(['object_key', 'sha256']).executeTakeFirstOrThrow();
      const { stream } = await get(row.object_key as string);
      expect(sha256(Buffer.concat(await stream.toArray()))).toBe(row.sha256);
    });

    it('is confirmed without a token of ours by its own, and by no other', async () => {
      const { file, upload } = await sign();
      const other = await sign();
      const fileId = file?.id as string;
      await put(fileId);
      const anonymous = { ...bed.as('ada'), principal: { kind: 'anonymous' as const } };
      const confirmAs = (confirmToken: string | undefined) =>
        bed.files.confirmUpload({ ownerId: '', fileId, confirmToken, parts: [] }, anonymous);
      await expect(confirmAs(undefined)).rejects.toMatchObject({ code: 'unauthenticated' });
      await expect(confirmAs(other.upload?.confirmToken)).rejects.toMatchObject({ code: 'signature_invalid' });
      await expect(confirmAs(upload?.confirmToken)).resolves.toBeDefined();
    });

    it('tells who has its token alone no more of the file than until it would have expired, or is deleted', async () => {
      const { file, upload } = await sign();
      const fileId = file?.id as string;
      await put(fileId);
      const anonymous = { ...bed.as('ada'), principal: { kind: 'anonymous' as const } };
      const again = () =>
        bed.files.confirmUpload({ ownerId: '', fileId, confirmToken: upload?.confirmToken, parts: [] }, anonymous);
      await again();
      await expect(again()).resolves.toMatchObject({ file: { id: fileId } });

      await bed.files.deleteFile({ ownerId: '', fileId, permanent: false }, bed.as('ada'));
      await expect(again()).rejects.toMatchObject({ code: 'upload_closed' });
      await bed.files.restoreFile({ ownerId: '', fileId }, bed.as('ada'));
      await expect(again()).resolves.toBeDefined();

      // By the database's clock, which may be a moment behind this machine's.
      const created_at = (await bed.db.now()) - 3600_000;
      await bed.db.unit((tx) => tx.updateTable('files').set({ created_at }).execute());
      await expect(again()).rejects.toMatchObject({ code: 'upload_closed' });
      await expect(confirm(fileId)).resolves.toBeDefined();
    });

    it('is of no content type that could not stand in a header', async () => {
      for (const contentType of ['text/html\r\nX: y', 'a/b\0', 'x/\u00e9', `a/${'b'.repeat(254)}`]) {
        expect((await sign({ contentType })).error?.code).toBe('invalid_request');
      }
      expect((await sign({ contentType: 'text/plain; charset="utf-8"' })).error).toBeUndefined();
    });

    it('is taken up where a confirm died after it had moved the bytes', async () => {
      const { file } = await sign();
      const fileId = file?.id as string;
      await put(fileId);
      const upload = await bed.db.reader.selectFrom('uploads').selectAll().executeTakeFirstOrThrow();
      await bed.db.unit((tx) =>
        tx.updateTable('uploads').set({ state: 'confirming', lease_token: 'dead', lease_until: 1 }).execute(),
      );
      await bed.objects.move(upload.source_key, upload.target_key);
      expect((await confirm(fileId)).file).toMatchObject({ status: 'FILE_STATUS_UPLOADED', size: 500 });
    });

    it('fails by itself among others', async () => {
      const request = {
        ownerId: '',
        files: [newFile({ size: 10 }), newFile({ name: '../x' }), newFile({ size: 5000 })],
      };
      const { results } = await bed.files.generateUploadURLs(request, bed.as('ada'));
      expect(results.map((result) => result.error?.code)).toEqual([undefined, 'invalid_name', 'quota_exceeded']);
    });
  });

  const listAll = {
    ownerId: '',
    query: '',
    contentType: '',
    status: 'FILE_STATUS_UNSPECIFIED' as const,
    trash: false,
    metadata: {},
  };
}
