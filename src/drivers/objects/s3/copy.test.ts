import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithEngines } from '../../../../test/harness/engines/use.ts';
import { inChunks, optionsIn, pattern } from '../conformance/bodies.ts';
import { newKey, readBody, type StartedPlace } from '../conformance/place.ts';
import type { ObjectStore } from '../port.ts';
import { openS3Store } from './index.ts';
import { first, type Middleman, openMiddleman, startPlace } from './testing.ts';

const MIB = 1024 * 1024;
/** As with 5 GiB, and parts of 512 MiB. */
const SIZES = { part: 5 * MIB, copyAtOnce: 6 * MIB, copyPart: 5 * MIB };

describeWithEngines(['s3'], 'moving an object that is too large to be copied at once', () => {
  let place: StartedPlace;
  let middleman: Middleman;
  let store: ObjectStore;
  beforeAll(async () => {
    place = await startPlace();
    middleman = await openMiddleman(place.url);
    store = await openS3Store(middleman.url, optionsIn(tmpdir()), { sizes: SIZES });
  });
  afterAll(async () => {
    await store.close();
    await middleman.close();
    await place.stop();
  });

  const uploads = () => store.listMultipart(new Date(Date.now() + 60_000));
  const copies: string[] = [];

  test('is done in parts, once, by however many', async () => {
    const [from, to] = [newKey(), newKey()];
    const bytes = pattern(22 * MIB + 17);
    await store.put(from, inChunks(bytes, 500_000), { contentType: 'image/png' });
    middleman.meddle = ({ headers }) => {
      if (headers['x-amz-copy-source']) copies.push(String(headers['x-amz-copy-source-range']));
      return 'pass';
    };
    await store.move(from, to);
    await store.move(from, to);
    expect(copies.sort()).toEqual(
      [0, 1, 2, 3, 4].map((n) => `bytes=${n * 5 * MIB}-${Math.min((n + 1) * 5 * MIB, bytes.length) - 1}`).sort(),
    );
    expect((await readBody(store, to)).equals(bytes)).toBe(true);
    expect(await store.head(from)).toBeUndefined();

    const third = newKey();
    await Promise.all(Array.from({ length: 4 }, () => store.move(to, third)));
    expect((await readBody(store, third)).equals(bytes)).toBe(true);
    expect(await store.head(to)).toBeUndefined();
    expect(await uploads()).toEqual([]);
    const other = newKey();
    await store.put(other, pattern(5));
    await expect(store.move(third, other)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('that fails leaves the object as it was, and nothing beside', async () => {
    const [from, to] = [newKey(), newKey()];
    const bytes = pattern(12 * MIB);
    await store.put(from, inChunks(bytes, 500_000));
    const isLastPart = ({ headers }: { headers: NodeJS.Dict<string | string[]> }) =>
      String(headers['x-amz-copy-source-range']).startsWith(`bytes=${10 * MIB}-`);
    middleman.meddle = first(3, { status: 500, code: 'InternalError' }, isLastPart);
    await expect(store.move(from, to)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await store.head(to)).toBeUndefined();
    expect((await readBody(store, from)).equals(bytes)).toBe(true);
    expect(await uploads()).toEqual([]);
    await store.move(from, to);
    expect((await readBody(store, to)).equals(bytes)).toBe(true);
  });
});
