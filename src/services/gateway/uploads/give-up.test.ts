import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { serviceContext } from '../../../base/context.ts';
import { newId } from '../../../base/ids.ts';
import type { Logger } from '../../../base/logger.ts';
import { listeningLog } from '../../../rpc/testing/log.ts';
import type { GatewayDeps } from '../deps.ts';
import { discardFile, giveUp } from './give-up.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const scopeOf = (log: Logger) => ({ call: serviceContext('gateway', log, newId()), ownerId: 'ada' });

test('nobody waits long for a store that does not answer, and what was stored goes once it does', async () => {
  const { log, lines } = listeningLog();
  const deleted = Promise.withResolvers<void>();
  const abandonUpload = vi.fn(async () => ({}));
  const deps = { objects: { delete: () => deleted.promise }, uploads: { abandonUpload } } as unknown as GatewayDeps;
  await takesFiveSeconds(discardFile(deps, scopeOf(log), { fileId: 'f', key: 'k' }));
  expect(lines).toMatchObject([{ msg: 'an upload that broke off could not be given up', file_id: 'f' }]);

  deleted.resolve();
  await expect.poll(() => abandonUpload.mock.calls).toEqual([[{ ownerId: 'ada', fileId: 'f' }, expect.anything()]]);
});

test('nobody waits long for files that do not answer', async () => {
  const { log, lines } = listeningLog();
  const deps = { uploads: { abandonUpload: () => new Promise(() => {}) } } as unknown as GatewayDeps;
  await takesFiveSeconds(giveUp(deps, scopeOf(log), 'f'));
  expect(lines).toMatchObject([{ file_id: 'f' }]);
});

async function takesFiveSeconds(work: Promise<void>): Promise<void> {
  let isDone = false;
  const done = work.then(() => {
    isDone = true;
  });
  await vi.advanceTimersByTimeAsync(4_900);
  expect(isDone).toBe(false);
  await vi.advanceTimersByTimeAsync(200);
  expect(isDone).toBe(true);
  await done;
}
