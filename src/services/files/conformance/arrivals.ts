import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newId } from '../../../base/ids.ts';
import { type NewFile, Visibility } from '../../../contract/holdfast/v1/file.ts';
import type { OpenFiles, TestFiles } from '../testing.ts';

/** What files makes of the news that an object came. */
export function arrivalLaws(open: OpenFiles): void {
  let bed: TestFiles;
  beforeEach(async () => {
    bed = await open();
  });
  afterEach(() => bed.close());

  const arrive = (key: string) => bed.uploads.confirmArrival({ key }, bed.asService);
  const store = (key: string, text: string) => bed.objects.put(key, Readable.from([Buffer.from(text)]));
  const begin = async (size: number, change: Partial<NewFile> = {}) => {
    const file: NewFile = {
      name: 'a.txt',
      folder: '',
      contentType: 'text/plain',
      size,
      metadata: {},
      visibility: Visibility.UNSPECIFIED,
      ...change,
    };
    const { results } = await bed.files.generateUploadURLs({ ownerId: '', files: [file] }, bed.as('ada'));
    const fileId = results[0]?.file?.id as string;
    return { fileId, key: `in/${fileId}`, token: results[0]?.upload?.confirmToken };
  };
  const statusOf = async (fileId: string) =>
    (await bed.files.getFile({ ownerId: '', fileId }, bed.as('ada'))).file?.status;
  const row = async (fileId: string) =>
    bed.db.reader.selectFrom('files').selectAll().where('id', '=', fileId).executeTakeFirstOrThrow();

  it('confirms the upload of an object that came, once, however often it is told', async () => {
    const { fileId, key } = await begin(3);
    await store(key, 'abc');
    const outcomes = await Promise.all([arrive(key), arrive(key), arrive(key)]);
    expect(outcomes).toEqual(Array(3).fill({ outcome: 'ARRIVAL_OUTCOME_CONFIRMED' }));
    expect(await statusOf(fileId)).toBe('FILE_STATUS_UPLOADED');
    expect(await arrive(key)).toEqual({ outcome: 'ARRIVAL_OUTCOME_CONFIRMED' });
    const events = await bed.db.reader.selectFrom('files_outbox').select(['type']).execute();
    expect(events.map(({ type }) => type)).toEqual(['file.uploaded']);
  });

  it('confirms together with a client that says so in the same moment', async () => {
    const { fileId, key, token } = await begin(3);
    await store(key, 'abc');
    const confirm = () =>
      bed.files.confirmUpload({ ownerId: '', fileId, confirmToken: token, parts: [] }, bed.as('somebody'));
    const [told, asked] = await Promise.all([arrive(key), confirm()]);
    expect(told.outcome).toBe('ARRIVAL_OUTCOME_CONFIRMED');
    expect(asked.file?.status).toBe('FILE_STATUS_UPLOADED');
  });

  it('says busy while another that takes long is at it', async () => {
    const { fileId, key } = await begin(3);
    await store(key, 'abc');
    const until = (await bed.db.now()) + 60_000;
    const lease = { state: 'confirming', lease_token: newId(), lease_until: until } as const;
    await bed.db.unit((tx) => tx.updateTable('uploads').set(lease).where('file_id', '=', fileId).execute());
    await expect(arrive(key)).rejects.toMatchObject({ code: 'upload_busy' });
    expect(await statusOf(fileId)).toBe('FILE_STATUS_PENDING');
  });

  it('refuses what is not what was declared, and leaves the upload open', async () => {
    const { fileId, key } = await begin(3);
    expect(await arrive(key)).toEqual({ outcome: 'ARRIVAL_OUTCOME_REFUSED', code: 'upload_not_complete' });
    await store(key, 'abcd');
    expect(await arrive(key)).toEqual({ outcome: 'ARRIVAL_OUTCOME_REFUSED', code: 'size_mismatch' });
    expect(await statusOf(fileId)).toBe('FILE_STATUS_PENDING');
    await store(key, 'abc');
    expect(await arrive(key)).toEqual({ outcome: 'ARRIVAL_OUTCOME_CONFIRMED' });
  });

  it('knows nothing of an upload whose row is not there', async () => {
    expect(await arrive(`in/${newId()}`)).toEqual({ outcome: 'ARRIVAL_OUTCOME_UNKNOWN' });
  });

  it('leaves alone what is no inbox, what was given up, and what is sent in parts', async () => {
    const ignored = { outcome: 'ARRIVAL_OUTCOME_IGNORED' };
    const { fileId, key } = await begin(3);
    await store(key, 'abc');
    for (const other of [
      '',
      'in/',
      `in/${fileId}/x`,
      `IN/${fileId}`,
      fileId,
      `in/${fileId.toUpperCase()}`,
      'a/b/c.d',
    ]) {
      expect(await arrive(other)).toEqual(ignored);
    }
    await bed.files.abortUpload({ ownerId: '', fileId }, bed.as('ada'));
    expect(await arrive(key)).toEqual(ignored);

    const large = await begin(200 * 1024 ** 2);
    const { source_key } = await bed.db.reader
      .selectFrom('uploads')
      .select('source_key')
      .where('file_id', '=', large.fileId)
      .executeTakeFirstOrThrow();
    expect(source_key).not.toBe(large.key);
    for (const target of [large.key, source_key]) expect(await arrive(target)).toEqual(ignored);
    expect(await statusOf(large.fileId)).toBe('FILE_STATUS_PENDING');

    const proxied = await bed.uploads.beginUpload(
      { ownerId: '', file: { ...NOTHING, name: 'b' }, sizeUnknown: true, part: 0 },
      bed.as('ada'),
    );
    expect(await arrive(`in/${proxied.fileId}`)).toEqual(ignored);
    expect((await row(proxied.fileId)).status).toBe('pending');
  });

  it('is for services to tell', async () => {
    const { key } = await begin(3);
    await store(key, 'abc');
    await expect(bed.uploads.confirmArrival({ key }, bed.as('ada'))).rejects.toMatchObject({ code: 'forbidden' });
  });
}

const NOTHING: NewFile = {
  name: '',
  folder: '',
  contentType: '',
  size: 0,
  metadata: {},
  visibility: Visibility.UNSPECIFIED,
};
