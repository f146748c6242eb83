import { afterEach, beforeEach, expect, it } from 'vitest';
import { startRelay } from '../events/relay.ts';
import type { OpenFiles, TestFiles } from '../testing.ts';
import { upload } from './upload.ts';

export function eventLaws(open: OpenFiles): void {
  let bed: TestFiles;
  beforeEach(async () => {
    bed = await open();
  });
  afterEach(() => bed.close());

  const read = async (after: number) => (await bed.events.readEvents({ after, limit: 100 }, bed.asService)).events;

  it('numbers events once they are committed, without gaps, and rings the broker', async () => {
    const heard: unknown[] = [];
    let enough = () => {};
    const all = new Promise<void>((resolve) => {
      enough = resolve;
    });
    await bed.broker.listen('events', (message) => {
      heard.push(message.position);
      if (heard.length === 8) enough();
    });
    const relays = [startRelay({ ...bed, log: bed.asService.log }), startRelay({ ...bed, log: bed.asService.log })];
    const fileIds = await Promise.all([upload(bed), upload(bed), upload(bed), upload(bed)]);
    for (const relay of relays) relay.wake();
    for (const fileId of fileIds) await bed.files.deleteFile({ ownerId: '', fileId, permanent: false }, bed.as('ada'));
    for (const relay of relays) relay.wake();
    await all;
    for (const relay of relays) await relay.stop();

    expect(heard).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const events = await read(0);
    expect(events.map((event) => event.position)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect((await read(6)).map((event) => event.position)).toEqual([7, 8]);
    for (const fileId of fileIds) {
      const own = events.filter((event) => event.fileId === fileId);
      expect(own.map((event) => [event.sequence, event.type])).toEqual([
        [1, 'file.uploaded'],
        [2, 'file.deleted'],
      ]);
    }
  });

  it('goes on from the last number after a restart, also where all that could be was pruned', async () => {
    const relay = startRelay({ ...bed, log: bed.asService.log });
    await upload(bed);
    relay.wake();
    await expect.poll(() => read(0)).toHaveLength(1);
    await bed.db.unit((tx) => tx.updateTable('files_outbox').set({ created_at: 1 }).execute());
    await bed.maintenance.pruneRecords({ dryRun: false }, bed.asService);
    await upload(bed);
    relay.wake();
    await expect.poll(async () => (await read(1)).map((event) => event.position)).toEqual([2]);
    await relay.stop();
  });
}
