import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { newId } from '../../../base/ids.ts';
import { FileStatus, type NewFile } from '../../../contract/holdfast/v1/file.ts';
import type { OpenFiles, TestFiles } from '../testing.ts';
import { newFile } from './upload.ts';

const MIB = 1024 ** 2;

/** Uploads that are begun with an idempotency key: whoever did not hear the answer asks again. */
export function keyedUrlsLaws(open: OpenFiles): void {
  let bed: TestFiles;
  beforeAll(async () => {
    bed = await open({ maxFileSize: 1_000 * MIB });
  });
  afterAll(() => bed.close());
  /** In each test another. */
  let ownerId: string;
  beforeEach(() => {
    ownerId = newId();
  });

  const ask = (files: NewFile[], { key = 'k', owner = ownerId, as = bed.asService } = {}) =>
    bed.files.generateUploadURLs({ ownerId: owner, files, idempotencyKey: key }, as);
  const idsOf = ({ results }: Awaited<ReturnType<typeof ask>>) => results.map(({ file }) => file?.id);
  const held = async () => {
    const row = bed.db.reader.selectFrom('owners').select('held').where('owner_id', '=', ownerId);
    return (await row.executeTakeFirstOrThrow()).held;
  };

  it('answers the same request with the same files, and begins none again', async () => {
    const metadata = { album: 'Lisbon', year: '2026' };
    const first = await ask([newFile({ metadata }), newFile({ size: 100 * MIB })]);
    const turned = Object.fromEntries(Object.entries(metadata).toReversed());
    const again = await ask([newFile({ metadata: turned }), newFile({ size: 100 * MIB })]);
    expect([first.replayed, again.replayed]).toEqual([false, true]);
    expect(idsOf(again)).toEqual(idsOf(first));
    expect(await held()).toBe(100 * MIB + 5);
    const [small, large] = again.results;
    expect(small?.upload?.request).toMatchObject({ method: 'PUT', headers: { 'content-type': 'image/jpeg' } });
    expect(large?.upload).toMatchObject({ partCount: 7, request: undefined });
    expect(large?.upload?.parts.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(large?.upload?.confirmUrl).toBe(first.results[1]?.upload?.confirmUrl);

    await bed.objects.put(`in/${small?.file?.id}`, Buffer.from('hello'));
    const whose = { ownerId, fileId: small?.file?.id as string };
    await bed.files.confirmUpload({ ...whose, parts: [] }, bed.asService);
    await bed.files.abortUpload({ ownerId, fileId: large?.file?.id as string }, bed.asService);
    const later = (await ask([newFile({ metadata }), newFile({ size: 100 * MIB })])).results;
    expect(later[0]?.file).toMatchObject({ id: whose.fileId, status: FileStatus.UPLOADED });
    expect(later[0]?.upload).toBeUndefined();
    expect(later[1]?.error).toMatchObject({ code: 'upload_closed' });
  });

  it('refuses another request with the key, and tells callers and owners apart', async () => {
    const [first] = idsOf(await ask([newFile()]));
    for (const other of [[newFile({ name: 'other' })], [newFile(), newFile()], [newFile({ metadata: { a: 'b' } })]]) {
      await expect(ask(other)).rejects.toMatchObject({ code: 'idempotency_mismatch' });
    }
    expect(idsOf(await ask([newFile()], { owner: `${ownerId}'s friend` }))).not.toContain(first);
    expect(idsOf(await ask([newFile()], { as: bed.as(ownerId) }))).not.toContain(first);
    const claimed = await bed.uploads.claimIdempotencyKey({ ownerId: '', key: 'k' }, bed.as(ownerId));
    expect(claimed.answer).toBeUndefined();
    for (const key of ['', 'a b', 'ä', 'x'.repeat(256)]) {
      const refused = { code: 'invalid_request', fields: [{ path: 'idempotency_key' }] };
      await expect(ask([newFile()], { key })).rejects.toMatchObject(refused);
    }
  });

  it('keeps what failed, unless all did', async () => {
    const some = [newFile(), newFile({ name: 'a/b' })];
    const { results } = await ask(some);
    const again = await ask(some);
    expect(again.results.map(({ file, error }) => [file?.id, error])).toEqual(
      results.map(({ file, error }) => [file?.id, error]),
    );
    const none = [newFile({ name: 'a/b' })];
    for (let turn = 0; turn < 2; turn++) expect((await ask(none, { key: 'none' })).replayed).toBe(false);
    expect((await ask([newFile()], { key: 'none' })).replayed).toBe(false);
  });

  it('lets one of many at once begin', async () => {
    const files = [newFile(), newFile({ size: 100 * MIB })];
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => ask(files)));
    const answers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(new Set(answers.flatMap(idsOf)).size).toBe(2);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'idempotency_in_flight' });
    }
    expect(await held()).toBe(100 * MIB + 5);
  });

  it('takes up what a request left that did not live to answer, and stops that one should it wake', async () => {
    const objects = bed.objects as { createMultipart: TestFiles['objects']['createMultipart'] };
    const { createMultipart } = objects;
    const asleep = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    objects.createMultipart = async (...args) => {
      reached.resolve();
      await asleep.promise;
      return createMultipart(...args);
    };
    const files = [newFile(), newFile({ size: 100 * MIB })];
    const slept = ask(files);
    await reached.promise;
    objects.createMultipart = createMultipart;
    await expect(ask(files)).rejects.toMatchObject({ code: 'idempotency_in_flight' });
    await bed.db.unit((tx) => tx.updateTable('idempotency_keys').set({ lease_until: 0 }).execute());
    const taken = await ask(files);
    expect(taken.replayed).toBe(false);
    asleep.resolve();
    await expect(slept).rejects.toMatchObject({ code: 'idempotency_in_flight' });
    expect(idsOf(await ask(files))).toEqual(idsOf(taken));
    expect(await held()).toBe(100 * MIB + 5);
  });
}
