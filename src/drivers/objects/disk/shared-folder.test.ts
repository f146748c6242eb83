import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../../../base/ids.ts';
import { inChunks, optionsIn, pattern } from '../conformance/bodies.ts';
import { newKey, readBody } from '../conformance/place.ts';
import { openObjects } from '../index.ts';
import type { ObjectStore, SignedEndpoint } from '../port.ts';

/** Two instances, each with a data directory of its own, on one folder of objects. */
let folder: string;
let one: ObjectStore;
let other: ObjectStore;

const openFrom = (dataDir: string) =>
  openObjects(pathToFileURL(join(folder, 'shared objects')).href, optionsIn(join(folder, dataDir)));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-shared-'));
  [one, other] = await Promise.all([openFrom('one'), openFrom('other')]);
});
afterEach(async () => {
  await one.close();
  await other.close();
  await rm(folder, { recursive: true });
});

test('nothing of the store stands in a data directory', async () => {
  await one.put(newKey(), pattern(10));
  await one.claim(newId());
  expect(await readdir(folder)).toEqual(['shared objects']);
});

test('what one writes, moves and deletes the other sees at once', async () => {
  const keys = Array.from({ length: 40 }, newKey);
  await Promise.all(keys.map((key, n) => (n % 2 ? one : other).put(key, inChunks(pattern(1_000 + n)))));
  for (const [n, key] of keys.entries()) {
    expect((await readBody(n % 2 ? other : one, key)).equals(pattern(1_000 + n))).toBe(true);
  }
  await expect(other.put(keys[0] as string, pattern(1))).rejects.toMatchObject({ code: 'conflict' });
  const target = newKey();
  await Promise.all([one, other].map((store) => store.move(keys[0] as string, target)));
  expect((await readBody(one, target)).equals(pattern(1_000))).toBe(true);
  await Promise.all(keys.map((key, n) => (n % 2 ? one : other).delete([key])));
  for (const store of [one, other]) expect(await store.list('', { limit: 10 })).toMatchObject([{ key: target }]);
});

test('an upload in parts goes on at the other instance', async () => {
  const key = newKey();
  const multipartId = await one.createMultipart(key, 'text/plain');
  const expiresAt = new Date(Date.now() + 60_000);
  const signed = await one.signPart(key, { multipartId, number: 1, size: 100, expiresAt });
  const { path, verify, putPart } = other.endpoint as SignedEndpoint;
  const grant = verify(new URL(signed.url).pathname.slice(path.length));
  if (grant.action !== 'put-part') throw new Error(`It allows ${grant.action}.`);
  await putPart(grant, inChunks(pattern(100)), AbortSignal.timeout(10_000));
  const parts = await other.listParts(key, multipartId);
  await Promise.all([one, other].map((store) => store.completeMultipart(key, multipartId, parts)));
  expect((await readBody(one, key)).equals(pattern(100))).toBe(true);
});

test('one installation claims it, and all of its instances may', async () => {
  const [ours, theirs] = [newId(), newId()];
  const outcomes = await Promise.allSettled([one.claim(ours), other.claim(theirs)]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const owner = (await one.installation()) as string;
  expect(await other.installation()).toBe(owner);
  await Promise.all([one.claim(owner), other.claim(owner)]);
  await expect(other.claim(newId())).rejects.toMatchObject({ code: 'conflict' });
});

test('an instance that ends takes nothing of the other along', async () => {
  const third = await openFrom('third');
  const key = newKey();
  const slowly = async function* () {
    yield pattern(2_000_000);
    await third.close();
    yield pattern(2_000_000, 1);
  };
  await one.put(key, Readable.from(slowly(), { objectMode: false }));
  expect((await readBody(other, key)).length).toBe(4_000_000);
});
