import { describe, expect, test, vi } from 'vitest';
import { HoldfastError } from '../base/errors.ts';
import { newId } from '../base/ids.ts';
import { Role } from '../contract/holdfast/v1/auth.ts';
import type { ListMultipartResponse } from '../contract/holdfast/v1/storage.ts';
import { context, useJanitorBed } from './testing/janitor-bed.ts';

const never = new AbortController().signal;
const ownerId = 'ada';
const DAY = 86_400_000;

const bed = useJanitorBed(ownerId);
const { database, janitorWith, begin, upload, keys, fileIds } = bed;

const sweep = (options: { dryRun?: boolean; allOrphans?: boolean } = {}, janitor = janitorWith()) =>
  janitor.sweep({ dryRun: false, signal: never, ...options });

const change = (fileId: string, values: Partial<Record<'deleted_at' | 'expires_at', number>>) =>
  database().unit((tx) => tx.updateTable('files').set(values).where('id', '=', fileId).execute());

/** An object that no row knows, under a key of our pattern. */
async function orphan(): Promise<string> {
  const key = `${newId()}/${newId()}/original.txt`;
  await bed.ground.objects.put(key, Buffer.from('x'));
  return key;
}

const ageMarks = () =>
  database().unit((tx) =>
    tx
      .updateTable('object_marks')
      .set({ marked_at: Date.now() - 2 * DAY })
      .execute(),
  );

describe('purging', () => {
  /** One file for each reason, and one that stays. */
  async function oneOfEach() {
    const [kept, trash, recentTrash, expired, deleted] = await Promise.all([1, 2, 3, 4, 5].map(() => upload()));
    const abandoned = await begin();
    if (!kept || !trash || !recentTrash || !expired || !deleted) throw new Error('no files');
    await change(trash.fileId, { deleted_at: Date.now() - 2 * DAY });
    await change(recentTrash.fileId, { deleted_at: Date.now() - 1_000 });
    await change(expired.fileId, { expires_at: Date.now() - 1_000 });
    await bed.files.files.deleteFile({ ownerId, fileId: deleted.fileId, permanent: true }, context);
    await database().unit((tx) =>
      tx.updateTable('uploads').set({ expires_at: 1 }).where('file_id', '=', abandoned.fileId).execute(),
    );
    return { kept, trash, recentTrash, expired, deleted, abandoned };
  }

  test('removes what is due with its objects, frees the quota, and leaves the rest', async () => {
    const { kept, trash, recentTrash, expired, deleted, abandoned } = await oneOfEach();
    const { purged, lostUploads, failures } = await sweep();
    expect(failures).toBe(0);
    expect(purged).toEqual({
      trash: { count: 1, bytes: 10, examples: [trash.fileId] },
      expired: { count: 1, bytes: 10, examples: [expired.fileId] },
      deleted: { count: 1, bytes: 10, examples: [deleted.fileId] },
      abandoned: { count: 1, bytes: 10, examples: [abandoned.fileId] },
    });
    expect(lostUploads.expired.examples).toEqual([abandoned.fileId]);
    expect(await fileIds()).toEqual([kept.fileId, recentTrash.fileId].sort());
    expect((await keys()).sort()).toEqual([kept.key, recentTrash.key].sort());
    const { used, held } = await database().reader.selectFrom('owners').selectAll().executeTakeFirstOrThrow();
    expect({ used, held }).toEqual({ used: 20, held: 0 });
  });

  test('a dry run says the same and changes nothing', async () => {
    const { trash } = await oneOfEach();
    const before = { files: await fileIds(), keys: await keys() };
    const { dryRun, purged, lostUploads } = await sweep({ dryRun: true });
    expect(dryRun).toBe(true);
    expect(purged.trash).toEqual({ count: 1, bytes: 10, examples: [trash.fileId] });
    expect([purged.expired.count, purged.deleted.count, lostUploads.found.count]).toEqual([1, 1, 1]);
    expect({ files: await fileIds(), keys: await keys() }).toEqual(before);
  });

  test('one that fails does not stop the rest, keeps its row, and goes with the next sweep', async () => {
    const uploaded = await Promise.all(Array.from({ length: 6 }, upload));
    for (const { fileId } of uploaded) await change(fileId, { deleted_at: 1 });
    const [stuck] = uploaded.map(({ fileId }) => fileId);
    const failing = janitorWith({
      deleteObjects: async (request, context) => {
        if (request.prefixes.some((prefix) => prefix.includes(String(stuck)))) {
          throw new HoldfastError('unavailable', 'not now');
        }
        return bed.storage.deleteObjects(request, context);
      },
    });
    const { purged, failures } = await sweep({}, failing);
    expect({ purged: purged.trash.count, failures }).toEqual({ purged: 5, failures: 1 });
    expect(await fileIds()).toEqual([stuck]);
    expect((await sweep()).purged.trash.count).toBe(1);
    expect(await fileIds()).toEqual([]);
  });

  test('when nothing works it gives up, and the other steps go on', async () => {
    const uploaded = await Promise.all(Array.from({ length: 40 }, upload));
    for (const { fileId } of uploaded) await change(fileId, { deleted_at: 1 });
    const lost = await orphan();
    let asked = 0;
    const failing = janitorWith({
      deleteObjects: async () => {
        asked++;
        throw new HoldfastError('unavailable', 'not now');
      },
    });
    const { failures, orphans } = await sweep({}, failing);
    expect(asked).toBeLessThan(20);
    expect(failures).toBeGreaterThanOrEqual(10);
    expect(orphans.unreferenced.examples).toEqual([lost]);
    expect(await fileIds()).toHaveLength(40);
  });

  test('ends where it is when told to', async () => {
    const uploaded = await Promise.all(Array.from({ length: 12 }, upload));
    for (const { fileId } of uploaded) await change(fileId, { deleted_at: 1 });
    const stopping = new AbortController();
    const stopped = janitorWith({
      deleteObjects: async (request, context) => {
        stopping.abort(new Error('stopping'));
        return bed.storage.deleteObjects(request, context);
      },
    });
    await expect(stopped.sweep({ dryRun: false, signal: stopping.signal })).rejects.toThrow('stopping');
    expect((await fileIds()).length).toBeGreaterThan(0);
    await sweep();
    expect(await fileIds()).toEqual([]);
    expect(await keys()).toEqual([]);
  });
});

describe('orphans', () => {
  test('are marked, and deleted a day later; other keys are none of our business', async () => {
    const { key } = await upload();
    const lost = await orphan();
    await bed.ground.objects.put('not/ours', Buffer.from('x'));

    const first = await sweep();
    expect(first.orphans).toMatchObject({ objects: 3, unreferenced: { count: 1, bytes: 1, examples: [lost] } });
    expect(first.orphans.deleted.count).toBe(0);
    expect(await keys()).toContain(lost);

    await ageMarks();
    expect((await sweep({ dryRun: true })).orphans.deleted.examples).toEqual([lost]);
    expect(await keys()).toContain(lost);

    expect((await sweep()).orphans.deleted).toEqual({ count: 1, bytes: 0, examples: [lost] });
    expect((await keys()).sort()).toEqual([key, 'not/ours'].sort());
    expect(await database().reader.selectFrom('object_marks').selectAll().execute()).toEqual([]);
  });

  test('a dry run does not even mark', async () => {
    await orphan();
    expect((await sweep({ dryRun: true })).orphans.unreferenced.count).toBe(1);
    expect(await database().reader.selectFrom('object_marks').selectAll().execute()).toEqual([]);
  });

  test('suspiciously many are left alone until somebody says so', async () => {
    await upload();
    await Promise.all(Array.from({ length: 11 }, orphan));
    await sweep();
    await ageMarks();
    const { orphans } = await sweep();
    expect(orphans.stopped).toContain('11 of 12 objects would be deleted');
    expect(orphans.deleted.count).toBe(0);
    expect(await keys()).toHaveLength(12);

    expect((await sweep({ allOrphans: true })).orphans.deleted.count).toBe(11);
    expect(await keys()).toHaveLength(1);
  });
});

describe('multipart uploads', () => {
  test('that nobody knows any more are aborted, those that may still end are not', async () => {
    const key = `${newId()}/${newId()}/original.txt`;
    await bed.ground.objects.createMultipart(key, 'text/plain');
    expect((await sweep()).multipart.count).toBe(0);
    vi.useFakeTimers({ now: Date.now() + DAY + 2 * 3_600_000, toFake: ['Date'] });
    expect((await sweep({ dryRun: true })).multipart.examples).toEqual([key]);
    expect((await sweep()).multipart.examples).toEqual([key]);
    expect((await sweep()).multipart.count).toBe(0);
  });

  test('that the store goes on listing when they are gone hold up neither the others nor the sweep', async () => {
    const keys = Array.from({ length: 3 }, () => `${newId()}/${newId()}/original.txt`);
    for (const key of keys) await bed.ground.objects.createMultipart(key, 'text/plain');
    // Ids keep rising from the latest time that this process has seen.
    vi.useFakeTimers({ now: Date.now() + 3 * DAY, toFake: ['Date'] });
    let lists = 0;
    let first: ListMultipartResponse['uploads'] = [];
    const forgetful = janitorWith({
      listMultipart: async (request, context) => {
        if (++lists > 10) throw new Error('It asks without end.');
        const { uploads } = await bed.storage.listMultipart(request, context);
        if (lists === 1) first = uploads.slice(0, 1);
        const others = uploads.filter(({ key }) => key !== first[0]?.key);
        return { uploads: [...first, ...others.slice(0, 1)] };
      },
    });
    const { multipart, failures } = await sweep({}, forgetful);
    expect({ keys: multipart.examples.toSorted(), failures }).toEqual({ keys: keys.toSorted(), failures: 0 });
    expect(await bed.ground.objects.listMultipart(new Date())).toEqual([]);
  });
});

test('of an account that is deleted nothing is left, uploads under way included; of others all', async () => {
  const email = 'ada@example.com';
  const { user } = await bed.auth.admin.createUser({ email, password: '', role: Role.USER }, context);
  const userId = user?.id ?? '';
  await upload(userId);
  const underWay = await begin(userId);
  const kept = await upload();
  await bed.auth.admin.deleteUser({ userId }, context);

  const first = await sweep();
  expect(first.accounts).toEqual({ files: 2, forgotten: 0 });
  expect(first.failures).toBe(0);
  expect(await fileIds()).toEqual([kept.fileId]);
  expect(await keys()).toEqual([kept.key]);
  const finished = bed.files.uploads.finishUpload(
    { ownerId: userId, fileId: underWay.fileId, size: 10, sha256: '' },
    context,
  );
  await expect(finished).rejects.toMatchObject({ code: expect.stringMatching(/gone|not_found|upload_closed/) });

  vi.useFakeTimers({ now: Date.now() + 3_600_000, toFake: ['Date'] });
  expect((await sweep()).accounts).toEqual({ files: 0, forgotten: 1 });
  await expect(bed.auth.admin.getAccount({ userId, email: '' }, context)).rejects.toMatchObject({ code: 'not_found' });
});

test('sweeps wait for each other', async () => {
  let running = 0;
  let most = 0;
  const janitor = janitorWith({
    listObjects: async (request, context) => {
      most = Math.max(most, ++running);
      const answer = await bed.storage.listObjects(request, context);
      running--;
      return answer;
    },
  });
  await Promise.all([sweep({}, janitor), sweep({}, janitor), sweep({ dryRun: true }, janitor)]);
  expect(most).toBe(1);
});
