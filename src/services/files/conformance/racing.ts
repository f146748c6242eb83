import { afterEach, beforeEach, expect, it } from 'vitest';
import { newId } from '../../../base/ids.ts';
import { Visibility } from '../../../contract/holdfast/v1/file.ts';
import { takeLease } from '../../../outbox/leases.ts';
import type { OpenFiles, TestFiles } from '../testing.ts';

const HOUR = 3600_000;

/** What instances do at the same time, which one of them does first. */
export function racingLaws(open: OpenFiles): void {
  let bed: TestFiles;
  beforeEach(async () => {
    bed = await open();
    // So that nobody waits for a connection, and all begin at once.
    await many(() => bed.db.unit((tx) => tx.selectFrom('owners').select('owner_id').execute()));
    await many(() => bed.db.reader.selectFrom('owners').select('owner_id').execute());
  });
  afterEach(() => bed.close());

  const many = <R>(action: (number: number) => Promise<R>) =>
    Promise.all(Array.from({ length: 12 }, (_, number) => action(number)));
  const begin = (owner: string, idempotency: { idempotencyId?: string } = {}) => {
    const file = {
      name: 'a.jpg',
      folder: '',
      contentType: 'image/jpeg',
      size: 10,
      metadata: {},
      visibility: Visibility.UNSPECIFIED,
    };
    return bed.uploads.beginUpload({ ownerId: '', file, sizeUnknown: false, part: 0, ...idempotency }, bed.as(owner));
  };
  const finish = (fileId: string) =>
    bed.uploads.finishUpload({ ownerId: '', fileId, size: 10, sha256: 'a'.repeat(64) }, bed.as('ada'));

  it('makes one installation', async () => {
    const made = await many(() => bed.installation.getInstallation({}, bed.asService));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(await bed.db.reader.selectFrom('files_installation').selectAll().execute()).toHaveLength(1);
  });

  it('means one installation, should two have been made', async () => {
    const [later, earlier] = [newId(), newId()];
    const rows = [
      { id: later, created_at: 2 },
      { id: earlier, created_at: 1 },
    ];
    await bed.db.unit((tx) => tx.insertInto('files_installation').values(rows).execute());
    expect(await bed.installation.getInstallation({}, bed.asService)).toEqual({ id: earlier, fresh: true });
  });

  it('makes an owner once, whose quota counts every upload', async () => {
    const begun = await many(() => begin('new'));
    expect(new Set(begun.map(({ key }) => key.split('/')[0])).size).toBe(1);
    const owners = await bed.db.reader.selectFrom('owners').select(['owner_id', 'held']).execute();
    expect(owners).toEqual([{ owner_id: 'new', held: 120 }]);
  });

  it('gives a lease to one', async () => {
    const taken = await many((number) => takeLease(bed.db, 'files_leases', 'relay', `${number}`, HOUR));
    expect(taken.filter(Boolean)).toHaveLength(1);
    await takeLease(bed.db, 'files_leases', 'relay', `${taken.indexOf(true)}`, -1);
    const next = await many((number) => takeLease(bed.db, 'files_leases', 'relay', `next ${number}`, HOUR));
    expect(next.filter(Boolean)).toHaveLength(1);
  });

  it('lets one of many take an idempotency key, a new one, a released one and one that has expired', async () => {
    const claim = () => bed.uploads.claimIdempotencyKey({ ownerId: '', key: 'k' }, bed.as('ada'));
    const claimAll = async () => {
      const claims = await Promise.allSettled(Array.from({ length: 12 }, claim));
      const ids = claims.flatMap((result) => (result.status === 'fulfilled' ? [result.value.id] : []));
      const refusals = claims.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
      expect(refusals).toEqual(Array.from({ length: 11 }, () => 'idempotency_in_flight'));
      expect(ids).toHaveLength(1);
      return ids[0] as string;
    };
    const first = await claimAll();
    await bed.uploads.settleIdempotencyKey({ ownerId: '', id: first, fingerprint: '' }, bed.as('ada'));
    const second = await claimAll();
    await bed.db.unit((tx) => tx.updateTable('idempotency_keys').set({ expires_at: 1 }).execute());
    const third = await claimAll();
    expect(new Set([first, second, third]).size).toBe(3);
    expect(await bed.db.reader.selectFrom('idempotency_keys').selectAll().execute()).toHaveLength(1);
  });

  it('keeps the file of a part that was confirmed, though another begins the part anew', async () => {
    for (let round = 0; round < 5; round++) {
      const { id } = await bed.uploads.claimIdempotencyKey({ ownerId: '', key: `${round}` }, bed.as('ada'));
      const { fileId } = await begin('ada', { idempotencyId: id });
      const [finished, again] = await Promise.allSettled([finish(fileId), begin('ada', { idempotencyId: id })]);
      if (again.status === 'rejected') throw again.reason;
      // Whoever was first: the upload is confirmed and is the answer, or it was given up and another has begun.
      if (finished.status === 'fulfilled') expect(again.value.existing?.id).toBe(fileId);
      else expect([finished.reason.code, again.value.existing]).toEqual(['not_found', undefined]);
    }
  });

  it('marks an orphan once, though two janitors look', async () => {
    const keys = Array.from({ length: 30 }, () => `${newId()}/${newId()}/small-1.webp`);
    const seen = await many((number) =>
      bed.maintenance.reviewObjects({ keys: number % 2 ? keys : keys.toReversed(), dryRun: false }, bed.asService),
    );
    for (const { unreferenced } of seen) expect(unreferenced.toSorted()).toEqual(keys.toSorted());
    expect(await bed.db.reader.selectFrom('object_marks').selectAll().execute()).toHaveLength(30);
  });

  it('never takes an object for an orphan whose upload is just being confirmed', async () => {
    const uploads = await many(() => begin('ada'));
    const keys = uploads.map(({ key }) => key);
    let confirming = true;
    const reviews = [1, 2, 3, 4].map(async () => {
      while (confirming) {
        const found = await bed.maintenance.reviewObjects({ keys, dryRun: true }, bed.asService);
        expect(found).toEqual({ unreferenced: [] });
        // A file is read without ever letting others have the thread.
        await new Promise(setImmediate);
      }
    });
    for (const { fileId } of uploads) await finish(fileId);
    confirming = false;
    await Promise.all(reviews);
  });

  it('claims the jobs of a file for one', async () => {
    const { fileId } = await begin('ada');
    await finish(fileId);
    const claims = await many(() => bed.work.claimJobs({ fileId }, bed.asService));
    expect(claims.filter(({ jobs }) => jobs.length > 0)).toHaveLength(1);
  });

  it('purges once, and counts the quota once', async () => {
    const { fileId } = await begin('ada');
    await finish(fileId);
    await bed.files.deleteFile({ ownerId: '', fileId, permanent: true }, bed.as('ada'));
    await many(async () => {
      await bed.maintenance.beginPurge({ fileId }, bed.asService);
      await bed.maintenance.finishPurge({ fileId }, bed.asService);
    });
    const owner = await bed.db.reader.selectFrom('owners').select(['used', 'held']).executeTakeFirst();
    expect(owner).toEqual({ used: 0, held: 0 });
  });
}
