import { createHash } from 'node:crypto';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HoldfastError } from '../../../base/errors.ts';
import type { Loop } from '../../../base/lifecycle.ts';
import { createStorageService } from '../../storage/index.ts';
import { upload } from '../conformance/upload.ts';
import { openTestFiles, type TestFiles } from '../testing.ts';
import { startHashing } from './hash-later.ts';

const HOUR = 3600_000;
let bed: TestFiles;
let hashing: Loop | undefined;
beforeEach(async () => {
  bed = await openTestFiles();
});
afterEach(async () => {
  vi.useRealTimers();
  await hashing?.stop();
  hashing = undefined;
  await bed.close();
});

const log = pino({ level: 'silent' });
const start = () => {
  hashing = startHashing({ db: bed.db, storage: createStorageService({ objects: bed.objects, log }), log });
};

/** A file that was not hashed when it was confirmed. */
async function unhashed(bytes: string | undefined): Promise<{ fileId: string; key: string }> {
  const fileId = await upload(bed);
  await forget(fileId);
  const files = bed.db.reader.selectFrom('files').select('object_key').where('id', '=', fileId);
  const key = (await files.executeTakeFirstOrThrow()).object_key as string;
  if (bytes !== undefined) await bed.objects.put(key, Buffer.from(bytes));
  return { fileId, key };
}
const forget = (fileId: string) =>
  bed.db.unit((tx) => tx.updateTable('files').set({ sha256: null }).where('id', '=', fileId).execute());
async function hashOf(fileId: string) {
  const files = bed.db.reader.selectFrom('files').select('sha256').where('id', '=', fileId);
  return (await files.executeTakeFirstOrThrow()).sha256;
}
const isHashed = (fileId: string, bytes: string) =>
  expect
    .poll(() => {
      hashing?.wake();
      return hashOf(fileId);
    })
    .toBe(createHash('sha256').update(bytes).digest('hex'));

/** Has whoever reads an object fail, and counts how often that was. */
function breakObject(broken: string) {
  const objects = bed.objects as { get: typeof bed.objects.get };
  const { get } = objects;
  const reads = vi.fn(async () => {
    throw new HoldfastError('unavailable', 'The disk has a bad sector.');
  });
  objects.get = (key, options) => (key === broken ? reads() : get(key, options));
  return reads;
}

test('what was not hashed is hashed, however often the end was reached', async () => {
  const first = await unhashed('first');
  start();
  await isHashed(first.fileId, 'first');
  const second = await unhashed('second');
  await isHashed(second.fileId, 'second');
  await forget(first.fileId);
  await isHashed(first.fileId, 'first');
});

test('a file that cannot be read holds nobody up, and is read again only after a good while', async () => {
  const broken = await unhashed('broken');
  const reads = breakObject(broken.key);
  const second = await unhashed('second');
  start();
  await isHashed(second.fileId, 'second');
  const third = await unhashed('third');
  await isHashed(third.fileId, 'third');
  expect(reads).toHaveBeenCalledTimes(1);

  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + HOUR });
  await expect
    .poll(() => {
      hashing?.wake();
      return reads.mock.calls.length;
    })
    .toBe(2);
});

test('many whose bytes are gone hold nobody up', async () => {
  for (let number = 0; number < 25; number++) await unhashed(undefined);
  const last = await unhashed('last');
  start();
  await isHashed(last.fileId, 'last');
});
