import { afterEach, beforeEach, expect, it } from 'vitest';
import { takeLease } from '../../../outbox/leases.ts';
import { recoverLostJobs } from '../jobs/recover.ts';
import type { OpenFiles, TestFiles } from '../testing.ts';
import { upload } from './upload.ts';

export function leaseLaws(open: OpenFiles): void {
  const HOUR = 3600_000;
  let bed: TestFiles;
  beforeEach(async () => {
    bed = await open();
  });
  afterEach(() => bed.close());

  const due = async () => (await bed.work.listDueFiles({ limit: 10 }, bed.asService)).fileIds;

  it('a lease is one instance’s until it runs out', async () => {
    expect(await takeLease(bed.db, 'files_leases', 'relay', 'one', HOUR)).toBe(true);
    expect(await takeLease(bed.db, 'files_leases', 'relay', 'one', HOUR)).toBe(true);
    expect(await takeLease(bed.db, 'files_leases', 'relay', 'two', HOUR)).toBe(false);
    expect(await takeLease(bed.db, 'files_leases', 'relay', 'one', -1)).toBe(true);
    expect(await takeLease(bed.db, 'files_leases', 'relay', 'two', HOUR)).toBe(true);
  });

  it('an instance that is alone waits for no lease of the dead', async () => {
    await takeLease(bed.db, 'files_leases', 'relay', 'dead', HOUR);
    await bed.uploads.claimIdempotencyKey({ ownerId: '', key: 'k' }, bed.as('ada'));
    const fileId = await upload(bed, 'image/jpeg');
    await bed.work.claimJobs({ fileId }, bed.asService);

    await bed.breakLeases();
    expect(await takeLease(bed.db, 'files_leases', 'relay', 'alive', HOUR)).toBe(true);
    expect(await bed.uploads.claimIdempotencyKey({ ownerId: '', key: 'k' }, bed.as('ada'))).toMatchObject({});
    const now = await bed.db.now();
    await bed.db.unit((tx) => recoverLostJobs(tx, fileId, now));
    expect((await bed.work.claimJobs({ fileId }, bed.asService)).jobs).toHaveLength(2);
  });

  it('an instance that is alone sends news again that died on its way, and none before its time', async () => {
    const fileId = await upload(bed, 'image/jpeg');
    const later = await upload(bed, 'image/jpeg');
    const soon = (await bed.db.now()) + HOUR;
    await bed.db.unit((tx) =>
      tx
        .updateTable('processing_jobs')
        .set({ state: 'failed', due_at: soon, announce_at: soon })
        .where('file_id', '=', later)
        .execute(),
    );
    expect(await due()).toEqual([]);
    await bed.breakLeases();
    expect(await due()).toEqual([fileId]);
  });
}
