import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { serviceContext } from '../../../base/context.ts';
import { newId } from '../../../base/ids.ts';
import { listeningLog } from '../../../rpc/testing/log.ts';
import type { GatewayDeps } from '../deps.ts';
import { discardFile } from './store-file.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('nobody waits long for a store that does not answer, and what was stored goes once it does', async () => {
  const { log, lines } = listeningLog();
  const deleted = Promise.withResolvers<void>();
  const abandonUpload = vi.fn(async () => ({}));
  const deps = { objects: { delete: () => deleted.promise }, uploads: { abandonUpload } } as unknown as GatewayDeps;
  const scope = { call: serviceContext('gateway', log, newId()), ownerId: 'ada', idempotencyId: undefined };
  let answered = false;
  const discarded = discardFile(deps, scope, { fileId: 'f', key: 'k' }).then(() => {
    answered = true;
  });
  await vi.advanceTimersByTimeAsync(4_900);
  expect(answered).toBe(false);
  await vi.advanceTimersByTimeAsync(200);
  expect(answered).toBe(true);
  expect(lines).toMatchObject([{ msg: 'an upload that broke off could not be removed', file_id: 'f' }]);
  await discarded;

  deleted.resolve();
  await expect.poll(() => abandonUpload.mock.calls).toEqual([[{ ownerId: 'ada', fileId: 'f' }, expect.anything()]]);
});
