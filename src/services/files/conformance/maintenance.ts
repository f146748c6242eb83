import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../base/ids.ts';
import { Visibility } from '../../../contract/holdfast/v1/file.ts';
import type { OpenFiles, TestFiles } from '../testing.ts';

export function maintenanceLaws(open: OpenFiles): void {
  let bed: TestFiles;
  beforeEach(async () => {
    bed = await open();
  });
  afterEach(() => bed.close());

  const newFile = {
    name: 'a.jpg',
    folder: '',
    contentType: 'image/jpeg',
    size: 1,
    metadata: {},
    visibility: Visibility.UNSPECIFIED,
  };
  const begin = () =>
    bed.uploads.beginUpload({ ownerId: '', file: newFile, sizeUnknown: false, part: 0 }, bed.as('ada'));
  async function uploaded(): Promise<string> {
    const { fileId, key } = await begin();
    await bed.objects.put(key, Buffer.from('x'));
    await bed.uploads.finishUpload({ ownerId: '', fileId, size: 1, sha256: 'a'.repeat(64) }, bed.as('ada'));
    return fileId;
  }
  const page = { after: '', limit: 100 };
  async function purgeable(limit = 100): Promise<string[]> {
    const found: string[] = [];
    let after = '';
    do {
      const { files, next } = await bed.maintenance.listPurgeable({ after, limit }, bed.asService);
      expect(files.length).toBeLessThanOrEqual(limit);
      found.push(...files.map((file) => `${file.fileId} ${file.reason}`));
      after = next;
    } while (after !== '');
    return found;
  }
  const rows = async (table: 'files' | 'uploads' | 'processing_jobs' | 'file_variants') =>
    (
      await bed.db.reader
        .selectFrom(table)
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow()
    ).count;
  const used = async () => (await bed.db.reader.selectFrom('owners').select('used').executeTakeFirstOrThrow()).used;
  const age = (column: 'deleted_at' | 'expires_at', fileId: string) =>
    bed.db.unit((tx) =>
      tx
        .updateTable('files')
        .set({ [column]: 1 })
        .where('id', '=', fileId)
        .execute(),
    );

  describe('purging', () => {
    it('finds trash past retention, what has expired, and what was deleted for good; nothing else', async () => {
      const [kept, trashed, fresh, expired, deleted] = [
        await uploaded(),
        await uploaded(),
        await uploaded(),
        await uploaded(),
        await uploaded(),
      ];
      for (const fileId of [trashed, fresh])
        await bed.files.deleteFile({ ownerId: '', fileId, permanent: false }, bed.as('ada'));
      await age('deleted_at', trashed);
      await age('expires_at', expired);
      await bed.files.deleteFile({ ownerId: '', fileId: deleted, permanent: true }, bed.as('ada'));
      const all = [
        `${deleted} PURGE_REASON_DELETED`,
        `${trashed} PURGE_REASON_TRASH`,
        `${expired} PURGE_REASON_EXPIRED`,
      ];
      expect(await purgeable()).toEqual(all);
      expect(await purgeable(1)).toEqual(all);
      expect((await bed.maintenance.beginPurge({ fileId: kept }, bed.asService)).begun).toBe(false);
    });

    it('once begun is brought back by nobody, and frees the quota when the rows go', async () => {
      const fileId = await uploaded();
      const { jobs, leaseToken } = await bed.work.claimJobs({ fileId }, bed.asService);
      await bed.files.deleteFile({ ownerId: '', fileId, permanent: true }, bed.as('ada'));
      const begun = await bed.maintenance.beginPurge({ fileId }, bed.asService);
      expect(begun).toMatchObject({ begun: true, prefixes: [expect.stringContaining(`/${fileId}/`)] });

      const variant = { key: 'k/1', contentType: 'image/jpeg', size: 5, width: 3, height: 2, sha256: 'c'.repeat(64) };
      const outcomes = [{ jobId: (jobs[0] as { id: string }).id, variant }];
      await expect(bed.work.completeJobs({ fileId, leaseToken, outcomes }, bed.asService)).rejects.toMatchObject({
        code: 'not_found',
      });
      await expect(bed.files.restoreFile({ ownerId: '', fileId }, bed.as('ada'))).rejects.toMatchObject({
        code: 'not_found',
      });
      await expect(bed.files.getFile({ ownerId: '', fileId }, bed.as('ada'))).rejects.toMatchObject({
        code: 'not_found',
      });
      expect(await used()).toBe(1);

      await bed.maintenance.finishPurge({ fileId }, bed.asService);
      await bed.maintenance.finishPurge({ fileId }, bed.asService);
      expect([await rows('files'), await rows('processing_jobs'), await used()]).toEqual([0, 0, 0]);
    });

    it('is not finished where it was not begun', async () => {
      const fileId = await uploaded();
      await bed.maintenance.finishPurge({ fileId }, bed.asService);
      expect(await rows('files')).toBe(1);
    });
  });

  describe('lost uploads', () => {
    const settle = (fileId: string) => bed.maintenance.settleLostUpload({ fileId }, bed.asService);
    const lost = async () => (await bed.maintenance.listLostUploads(page, bed.asService)).fileIds;
    const ageUploads = (change: object) => bed.db.unit((tx) => tx.updateTable('uploads').set(change).execute());

    it('are given up past their expiry', async () => {
      const { fileId } = await begin();
      expect(await lost()).toEqual([]);
      await ageUploads({ expires_at: 1 });
      expect(await lost()).toEqual([fileId]);
      expect(await settle(fileId)).toEqual({ outcome: 'LOST_UPLOAD_OUTCOME_EXPIRED' });
      expect(await lost()).toEqual([]);
      expect(await purgeable()).toEqual([`${fileId} PURGE_REASON_ABANDONED`]);
    });

    it('are left alone where another janitor gives them up, or has', async () => {
      const begun = [await begin(), await begin(), await begin()].map(({ fileId }) => fileId);
      const { results } = await bed.files.generateUploadURLs({ ownerId: '', files: [newFile] }, bed.as('ada'));
      const all = [...begun, results[0]?.file?.id as string];
      await ageUploads({ expires_at: 1 });
      for (const fileId of all) {
        const outcomes = (await Promise.all([settle(fileId), settle(fileId), settle(fileId)])).map(
          (one) => one.outcome,
        );
        expect(outcomes.filter((outcome) => outcome === 'LOST_UPLOAD_OUTCOME_EXPIRED').length).toBeLessThanOrEqual(1);
        await settle(fileId);
        expect(await settle(fileId)).toEqual({ outcome: 'LOST_UPLOAD_OUTCOME_LEFT' });
        await bed.maintenance.finishPurge({ fileId }, bed.asService);
        expect(await settle(fileId)).toEqual({ outcome: 'LOST_UPLOAD_OUTCOME_LEFT' });
      }
      expect(await rows('uploads')).toBe(0);
    });

    it('whose bytes came by a signed request are confirmed, though nobody said so', async () => {
      const { results } = await bed.files.generateUploadURLs(
        { ownerId: '', files: [{ ...newFile, size: 3 }] },
        bed.as('ada'),
      );
      const fileId = results[0]?.file?.id as string;
      await ageUploads({ created_at: 1 });
      expect(await settle(fileId)).toEqual({ outcome: 'LOST_UPLOAD_OUTCOME_LEFT' });
      await bed.objects.put(`in/${fileId}`, Readable.from([Buffer.from('abc')]));
      expect(await settle(fileId)).toEqual({ outcome: 'LOST_UPLOAD_OUTCOME_CONFIRMED' });
      expect(await lost()).toEqual([]);
    });
  });

  describe('orphans', () => {
    it('are objects of our pattern that no row refers to, once they are marked for a day', async () => {
      const { key } = await begin();
      await uploaded();
      const orphan = `${newId()}/${newId()}/thumbnail-3.jpg`;
      const review = (keys: string[], dryRun = false) => bed.maintenance.reviewObjects({ keys, dryRun }, bed.asService);
      const orphans = async () => (await bed.maintenance.listOrphans(page, bed.asService)).keys;
      const objects = (await bed.objects.list('', { limit: 10 })).map((object) => object.key);
      expect(objects).toHaveLength(1);

      expect(await review([key, ...objects, orphan, 'notes.txt', 'in/not-an-id', `${newId()}/x`], true)).toEqual({
        unreferenced: [orphan],
      });
      expect(await review([orphan])).toEqual({ unreferenced: [orphan] });
      expect(await review([orphan])).toEqual({ unreferenced: [orphan] });
      expect(await orphans()).toEqual([]);
      await bed.db.unit((tx) => tx.updateTable('object_marks').set({ marked_at: 1 }).execute());
      expect(await orphans()).toEqual([orphan]);
      await bed.maintenance.forgetOrphans({ keys: [orphan] }, bed.asService);
      expect(await orphans()).toEqual([]);
    });

    it('are none any more when a row has come to refer to them', async () => {
      const { fileId, key } = await begin();
      await bed.db.unit((tx) => tx.insertInto('object_marks').values({ object_key: key, marked_at: 1 }).execute());
      expect((await bed.maintenance.listOrphans(page, bed.asService)).keys).toEqual([]);
      await bed.uploads.abandonUpload({ ownerId: '', fileId }, bed.as('ada'));
      expect(await bed.db.reader.selectFrom('object_marks').selectAll().execute()).toEqual([]);
    });
  });

  describe('records', () => {
    it('are pruned when they are old, and only counted in a dry run', async () => {
      for (const position of [1, 2]) {
        await uploaded();
        await bed.db.unit((tx) =>
          tx.updateTable('files_outbox').set({ position }).where('position', 'is', null).execute(),
        );
      }
      const { id } = await bed.uploads.claimIdempotencyKey({ ownerId: '', key: 'k' }, bed.as('ada'));
      await bed.uploads.settleIdempotencyKey({ ownerId: '', id, fingerprint: '', answer: '{}' }, bed.as('ada'));
      const prune = (dryRun: boolean) => bed.maintenance.pruneRecords({ dryRun }, bed.asService);
      expect(await prune(false)).toEqual({ idempotencyKeys: 0, events: 0 });
      await bed.db.unit(async (tx) => {
        await tx.updateTable('idempotency_keys').set({ expires_at: 1 }).execute();
        await tx.updateTable('files_outbox').set({ created_at: 1 }).execute();
      });
      expect(await prune(true)).toEqual({ idempotencyKeys: 1, events: 1 });
      expect(await prune(false)).toEqual({ idempotencyKeys: 1, events: 1 });
      expect(await prune(false)).toEqual({ idempotencyKeys: 0, events: 0 });
    });
  });

  it('does nothing of this for a user', async () => {
    const fileId = await uploaded();
    for (const call of [
      bed.maintenance.beginPurge({ fileId }, bed.as('ada')),
      bed.maintenance.pruneRecords({ dryRun: false }, bed.as('ada')),
      bed.work.claimJobs({ fileId }, bed.as('ada')),
      bed.events.readEvents({ after: 0, limit: 10 }, bed.as('ada')),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'forbidden' });
    }
  });
}
