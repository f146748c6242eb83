import { expect, test, vi } from 'vitest';
import { TOPICS } from '../base/topics.ts';
import { Role } from '../contract/holdfast/v1/auth.ts';
import { context, useJanitorBed } from './testing/janitor-bed.ts';

const ownerId = 'ada';

const bed = useJanitorBed(ownerId);
const { janitorWith, begin, upload, keys, fileIds } = bed;

test('what is deleted for good goes at once, without a sweep', async () => {
  const { fileId } = await upload();
  const running = await janitorWith().start();
  try {
    await bed.files.files.deleteFile({ ownerId, fileId, permanent: true }, context);
    await expect.poll(fileIds).toEqual([]);
    expect(await keys()).toEqual([]);
  } finally {
    await running.stop();
  }
});

test('files of an account that is deleted go at once, without a sweep, and nobody loses any by news that is wrong', async () => {
  // The first sweep comes a minute later.
  vi.spyOn(Math, 'random').mockReturnValue(1);
  const janitor = await janitorWith().start();
  const relay = bed.auth.start();
  const accountWithFiles = async (email: string) => {
    const { user } = await bed.auth.admin.createUser({ email, password: '', role: Role.USER }, context);
    const userId = user?.id ?? '';
    await upload(userId);
    await begin(userId);
    return userId;
  };
  try {
    const [ada, grace] = [await accountWithFiles('ada@example.com'), await accountWithFiles('grace@example.com')];
    const kept = await upload('customer-7');
    await bed.auth.admin.deleteUser({ userId: ada }, context);
    await bed.ground.broker.publish(TOPICS.accounts, { position: 1, type: 'user.deleted', userId: 'customer-7' });
    await bed.auth.admin.deleteUser({ userId: grace }, context);
    await expect.poll(fileIds).toEqual([kept.fileId]);
  } finally {
    await Promise.all([janitor.stop(), relay.stop()]);
  }
});
