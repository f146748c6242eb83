import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inChunks, optionsIn, pattern } from '../conformance/bodies.ts';
import { readBody } from '../conformance/place.ts';
import { openObjects } from '../index.ts';
import type { ObjectStore, PartInfo } from '../port.ts';
import { currentParts, newEtag, partFile } from './parts.ts';

const KEY = 'a/b/c';

let dataDir: string;
let store: ObjectStore;
let multipartId: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdfast-multipart-'));
  store = await openObjects('file:', optionsIn(dataDir));
  multipartId = await store.createMultipart(KEY, 'text/plain');
});
afterEach(async () => {
  await store.close();
  await rm(dataDir, { recursive: true });
});

function send(number: number, bytes: Uint8Array): Promise<PartInfo> {
  const grant = { action: 'put-part', key: KEY, multipartId, number, size: bytes.length } as const;
  const sent = store.endpoint?.putPart(grant, inChunks(bytes), AbortSignal.timeout(10_000));
  if (!sent) throw new Error('The store has no endpoint.');
  return sent;
}

const filesIn = (folder: string) => readdir(join(dataDir, 'objects', folder));

test('a part that is replaced gives its place on the disk back', async () => {
  for (const seed of [1, 2, 3]) await send(1, pattern(1_000, seed));
  await send(2, pattern(1_000));
  expect(await filesIn(`uploads/${multipartId}~a~b~c`)).toHaveLength(2);
});

test('of parts with one number that come at once one stays, and is the one that counts', async () => {
  const sent = await Promise.all(Array.from({ length: 8 }, (_, seed) => send(1, pattern(1_000, seed))));
  const parts = await store.listParts(KEY, multipartId);
  expect(parts).toHaveLength(1);
  const winner = sent.findIndex(({ etag }) => etag === parts[0]?.etag);
  await store.completeMultipart(KEY, multipartId, parts);
  expect((await readBody(store, KEY)).equals(pattern(1_000, winner))).toBe(true);
  expect(await filesIn('data/a/b~c/b~c')).toHaveLength(2);
});

test('parts that are not named are not kept', async () => {
  const named = await send(1, pattern(1_000));
  await send(2, pattern(1_000));
  await store.completeMultipart(KEY, multipartId, [named]);
  expect((await readBody(store, KEY)).equals(pattern(1_000))).toBe(true);
  expect(await filesIn('data/a/b~c/b~c')).toHaveLength(2);
});

test('what stands beside the uploads and is none is left alone', async () => {
  const uploads = join(dataDir, 'objects', 'uploads');
  const strays = ['backup', '.snapshot', `${multipartId}.old`, `${multipartId}~A~b`, `0${multipartId}~a~b`];
  for (const stray of strays) await mkdir(join(uploads, stray));
  expect(await store.listMultipart(new Date(Date.now() + 60_000))).toEqual([{ key: KEY, multipartId }]);
});

test('of parts with one number the last one counts', () => {
  const [first, second, third] = [newEtag(), newEtag(), newEtag()];
  const names = [
    partFile(2, second, 7).name,
    partFile(1, first, 5).name,
    partFile(2, third, 8).name,
    partFile(2, first, 6).name,
    'manifest.json',
  ];
  for (const order of [names, names.toReversed()]) {
    expect(currentParts(order).map(({ number, etag, size }) => [number, etag, size])).toEqual([
      [1, first, 5],
      [2, third, 8],
    ]);
  }
});

test.skipIf(!existsSync('/proc/self/fd'))('no file stays open for a body that nobody reads', async () => {
  await store.put('d/e/f', pattern(300_000));
  await send(1, pattern(300_000));
  await send(2, pattern(300_000));
  await store.completeMultipart(KEY, multipartId, await store.listParts(KEY, multipartId));
  const openFiles = async () => (await readdir('/proc/self/fd')).length;
  const before = await openFiles();
  for (const key of ['d/e/f', KEY]) {
    for (let round = 0; round < 20; round++) {
      const { stream } = await store.get(key);
      if (round % 2) for await (const _ of stream) break;
      const closed = new Promise((resolve) => (stream.closed ? resolve(true) : stream.once('close', resolve)));
      stream.destroy();
      await closed;
    }
  }
  expect(await openFiles()).toBeLessThanOrEqual(before + 2);
});
