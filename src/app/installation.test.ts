import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../base/ids.ts';
import { openObjects } from '../drivers/objects/index.ts';
import type { ObjectStore } from '../drivers/objects/port.ts';
import { checkInstallation } from './installation.ts';
import { StartError } from './start-error.ts';

let dataDir: string;
let store: ObjectStore;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdfast-installation-'));
  const options = { dataDir, signingKey: Buffer.alloc(32), publicUrl: () => '', log: pino({ level: 'silent' }) };
  store = await openObjects('file:', options);
});
afterEach(async () => {
  await store.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** The store for two who both see that it belongs to nobody, before either claims it. */
function seenByBoth(): ObjectStore {
  let both = () => {};
  const seen = new Promise<void>((resolve) => {
    both = resolve;
  });
  let looks = 0;
  const installation = async () => {
    const owner = await store.installation();
    if (++looks === 2) both();
    await seen;
    return owner;
  };
  return { ...store, installation, claim: (id) => store.claim(id) };
}

test('two instances that start for the first time at once belong to one installation', async () => {
  const [objects, id] = [seenByBoth(), newId()];
  await Promise.all([1, 2].map(() => checkInstallation({ id, fresh: true }, objects)));
  expect(await store.installation()).toBe(id);
  await checkInstallation({ id, fresh: false }, store);
});

test('of two installations that claim a store at once, one gets it, and the other hears why not', async () => {
  const [objects, ids] = [seenByBoth(), [newId(), newId()]];
  const outcomes = await Promise.allSettled(ids.map((id) => checkInstallation({ id, fresh: true }, objects)));
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  expect(refused).toEqual([expect.any(StartError)]);
  expect(refused[0].message).toMatch(/belongs to another database/);
  expect(ids[outcomes.findIndex(({ status }) => status === 'fulfilled')]).toBe(await store.installation());
});
