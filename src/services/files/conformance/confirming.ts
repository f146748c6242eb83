import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { OpenFiles, TestFiles } from '../testing.ts';
import { newFile } from './upload.ts';

/** One confirm of an upload at a time, however long it takes, and none that died stands in the way. */
export function confirmingLaws(open: OpenFiles): void {
  const GOOD = Buffer.from('right');
  const BAD = Buffer.from('wrong');
  /** Longer than a confirm waits before it renews its lease, and not as long as it holds. */
  const A_WHILE = 60_000;
  let bed: TestFiles;
  beforeEach(async () => {
    bed = await open();
  });
  afterEach(async () => {
    vi.useRealTimers();
    await bed.close();
  });

  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  async function begin(): Promise<string> {
    const files = [newFile({ contentType: 'text/plain', size: GOOD.length, sha256: sha256(GOOD) })];
    const { results } = await bed.files.generateUploadURLs({ ownerId: '', files }, bed.as('ada'));
    return results[0]?.file?.id as string;
  }
  const put = (fileId: string, bytes: Uint8Array) => bed.objects.put(`in/${fileId}`, bytes);
  const confirm = (fileId: string) =>
    bed.files.confirmUpload({ ownerId: '', fileId, confirmToken: undefined, parts: [] }, bed.as('ada'));
  /** A confirm that does not wait for another. */
  const settle = async (fileId: string) => (await bed.maintenance.settleLostUpload({ fileId }, bed.asService)).outcome;
  const checkOpen = (fileId: string) => bed.uploads.checkUploadOpen({ key: `in/${fileId}` }, bed.as('ada'));
  const uploadRow = () => bed.db.reader.selectFrom('uploads').selectAll().executeTakeFirstOrThrow();
  const changeUpload = (change: object) => bed.db.unit((tx) => tx.updateTable('uploads').set(change).execute());
  /** The lease has run out, as if its time had gone by. */
  const runOut = () => changeUpload({ lease_until: 1 });
  async function bytesOf(fileId: string): Promise<string> {
    const { object_key } = await bed.db.reader
      .selectFrom('files')
      .select('object_key')
      .where('id', '=', fileId)
      .executeTakeFirstOrThrow();
    const { stream } = await bed.objects.get(object_key as string);
    return Buffer.concat(await stream.toArray()).toString();
  }

  /** The next object that is read is held up, with its bytes at hand, until it is let go; those after it are not. */
  function holdUpReading() {
    const objects = bed.objects as { get: typeof bed.objects.get };
    const { get } = objects;
    const read = Promise.withResolvers<AbortSignal | undefined>();
    const hold = Promise.withResolvers<void>();
    objects.get = async (key, options) => {
      objects.get = get;
      const body = await get(key, options);
      read.resolve(options?.signal);
      await hold.promise;
      options?.signal?.throwIfAborted();
      return body;
    };
    return { read: read.promise, letGo: () => hold.resolve() };
  }

  it('holds its lease for as long as it looks at the bytes', async () => {
    const fileId = await begin();
    await put(fileId, GOOD);
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { read, letGo } = holdUpReading();
    const confirmed = confirm(fileId);
    await read;
    await runOut();
    await vi.advanceTimersByTimeAsync(A_WHILE);
    await expect.poll(async () => (await uploadRow()).lease_until).toBeGreaterThan(1);
    expect(await settle(fileId)).toBe('LOST_UPLOAD_OUTCOME_LEFT');
    letGo();
    expect((await confirmed).file).toMatchObject({ status: 'FILE_STATUS_UPLOADED', sha256: sha256(GOOD) });
  });

  it('looks no further when another has taken over', async () => {
    const fileId = await begin();
    await put(fileId, GOOD);
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { read, letGo } = holdUpReading();
    const settled = settle(fileId);
    const signal = await read;
    const { lease_until } = await uploadRow();
    await changeUpload({ lease_token: 'another' });
    await vi.advanceTimersByTimeAsync(A_WHILE);
    await expect.poll(() => signal?.aborted).toBe(true);
    letGo();
    expect(await settled).toBe('LOST_UPLOAD_OUTCOME_LEFT');
    expect(await uploadRow()).toMatchObject({ state: 'confirming', lease_token: 'another', lease_until });
  });

  it('deletes nothing where it was held up, and another has confirmed the right bytes meanwhile', async () => {
    const fileId = await begin();
    await put(fileId, BAD);
    const { read, letGo } = holdUpReading();
    const late = confirm(fileId);
    await read;
    await runOut();
    await expect(confirm(fileId)).rejects.toMatchObject({ code: 'checksum_mismatch' });
    await put(fileId, GOOD);
    await confirm(fileId);
    letGo();
    expect((await late).file).toMatchObject({ status: 'FILE_STATUS_UPLOADED', sha256: sha256(GOOD) });
    expect(await bytesOf(fileId)).toBe('right');
  });

  it('leaves what comes while it looks for the next one', async () => {
    const fileId = await begin();
    await put(fileId, BAD);
    const { read, letGo } = holdUpReading();
    const refused = confirm(fileId);
    await read;
    await put(fileId, GOOD);
    letGo();
    await expect(refused).rejects.toMatchObject({ code: 'checksum_mismatch' });
    await confirm(fileId);
    expect(await bytesOf(fileId)).toBe('right');
  });

  it('takes the bytes that were sent last, where they were sent again after one that died', async () => {
    const fileId = await begin();
    await put(fileId, BAD);
    const { source_key, target_key } = await uploadRow();
    await bed.objects.move(source_key, target_key);
    await put(fileId, GOOD);
    await confirm(fileId);
    expect(await bytesOf(fileId)).toBe('right');
    expect(await bed.objects.head(source_key)).toBeUndefined();
  });

  it('lets bytes come while none is at it, and again when it has died', async () => {
    const fileId = await begin();
    await put(fileId, BAD);
    const { read, letGo } = holdUpReading();
    const settled = settle(fileId);
    await read;
    await expect(checkOpen(fileId)).rejects.toMatchObject({ code: 'upload_busy' });
    await runOut();
    await expect(checkOpen(fileId)).resolves.toEqual({});
    letGo();
    await settled;
  });
}
