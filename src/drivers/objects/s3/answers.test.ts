import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { DeleteObjectCommand, PutObjectCommand, type PutObjectCommandInput } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { keysIn, onStore } from '../../../../test/harness/engines/s3-client.ts';
import { describeWithEngines } from '../../../../test/harness/engines/use.ts';
import { inChunks, optionsIn, pattern } from '../conformance/bodies.ts';
import { newKey, newPrefix, readBody, type StartedPlace } from '../conformance/place.ts';
import { openObjects } from '../index.ts';
import type { ObjectStore } from '../port.ts';
import { type Bucket, dataRoot, encryptionFields, SIZES } from './bucket.ts';
import { type Clients, createClients } from './clients.ts';
import { claim, installation } from './installation.ts';
import { put } from './put.ts';
import { first, type Middleman, openMiddleman, startPlace } from './testing.ts';
import { parseS3Url } from './url.ts';

const MIB = 1024 * 1024;

describeWithEngines(['s3'], 'answers of the store', () => {
  let place: StartedPlace;
  let middleman: Middleman;
  let store: ObjectStore;
  const opened: Clients[] = [];
  beforeAll(async () => {
    place = await startPlace();
    middleman = await openMiddleman(place.url);
    store = await openObjects(middleman.url, optionsIn(tmpdir()));
  });
  afterEach(() => {
    middleman.meddle = () => 'pass';
  });
  afterAll(async () => {
    for (const clients of opened) clients.close();
    await store.close();
    await middleman.close();
    await place.stop();
  });

  const isPut = ({ method, headers }: IncomingMessage) => method === 'PUT' && !headers['x-amz-copy-source'];
  const isCopy = ({ headers }: IncomingMessage) => headers['x-amz-copy-source'] !== undefined;
  const isCompletion = ({ method, url }: IncomingMessage) => method === 'POST' && /uploadId=/.test(url ?? '');
  const isDeletion = ({ method }: IncomingMessage) => method === 'DELETE';
  const uploads = async () => (await store.listMultipart(new Date(Date.now() + 60_000))).length;

  test('that are lost are asked for again, and what was done is done', async () => {
    const [short, long, moved] = [newKey(), newKey(), newKey()];
    const bytes = pattern(7 * MIB);
    middleman.meddle = first(1, 'lose the answer', isPut);
    await store.put(short, pattern(1_000));
    for (const request of [isPut, isCompletion]) {
      middleman.meddle = first(1, 'lose the answer', request);
      await store.put(long, inChunks(bytes, 100_000));
      expect((await readBody(store, long)).equals(bytes)).toBe(true);
      await store.delete([long]);
    }
    for (const request of [isCopy, isDeletion]) {
      middleman.meddle = first(1, 'lose the answer', request);
      await store.put(short, pattern(1_000)).catch(() => {});
      await store.move(short, moved);
      expect((await readBody(store, moved)).equals(pattern(1_000))).toBe(true);
      expect(await store.head(short)).toBeUndefined();
      await store.delete([moved]);
    }
    expect(await uploads()).toBe(0);
  });

  test('that are lost for good leave nothing', async () => {
    const prefix = newPrefix();
    middleman.meddle = first(3, 'lose the answer', isPut);
    await expect(store.put(`${prefix}short`, pattern(1_000))).rejects.toMatchObject({ code: 'unavailable' });
    middleman.meddle = first(3, 'lose the answer', isPut);
    const body = inChunks(pattern(12 * MIB), 100_000);
    await expect(store.put(`${prefix}long`, body)).rejects.toMatchObject({ code: 'unavailable' });
    expect(body.destroyed).toBe(true);
    middleman.meddle = first(3, 'lose the answer', isCompletion);
    const other = inChunks(pattern(7 * MIB), 100_000);
    await expect(store.put(`${prefix}complete`, other)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await store.list(prefix, { limit: 10 })).toEqual([]);
    expect(await uploads()).toBe(0);
  });

  test('that ask for patience are given it', async () => {
    const key = newKey();
    middleman.meddle = first(2, { status: 503, code: 'SlowDown' }, () => true);
    await store.put(key, pattern(10));
    middleman.meddle = first(1, { status: 409, code: 'ConditionalRequestConflict' }, isPut);
    await store.put(`${key}-2`, pattern(10));
    middleman.meddle = first(1, { status: 409, code: 'ConditionalRequestConflict' }, isCompletion);
    await store.put(`${key}-3`, inChunks(pattern(7 * MIB), 100_000));
    expect(await store.list(key, { limit: 10 })).toHaveLength(3);
  });

  test('that say that a condition is not known are made do with', async () => {
    const [key, to] = [newKey(), newKey()];
    const hasCondition = ({ headers }: IncomingMessage) => headers['if-none-match'] !== undefined;
    for (const status of [501, 404, 400]) {
      middleman.meddle = (request) => (hasCondition(request) ? { status, code: 'NotImplemented' } : 'pass');
      const other = await openObjects(middleman.url, optionsIn(tmpdir()));
      await other.put(key, pattern(10));
      await expect(other.put(key, pattern(20))).rejects.toMatchObject({ code: 'conflict' });
      await other.delete([key]);
      await other.close();
    }
    middleman.meddle = (request) =>
      hasCondition(request) && !isPut(request) ? { status: 501, code: 'NotImplemented' } : 'pass';
    await store.put(key, inChunks(pattern(7 * MIB), 100_000));
    await store.move(key, to);
    expect((await readBody(store, to)).equals(pattern(7 * MIB))).toBe(true);
  });

  test.each([
    [507, 'InsufficientStorage', 'storage_full'],
    [403, 'QuotaExceeded', 'storage_full'],
    [507, 'XMinioStorageFull', 'storage_full'],
    [400, 'EntityTooLarge', 'too_large'],
    [403, 'AccessDenied', 'unavailable'],
    [404, 'NoSuchBucket', 'unavailable'],
    [500, 'InternalError', 'unavailable'],
  ])('of %s %s mean %s', async (status, code, meaning) => {
    middleman.meddle = first(3, { status, code }, isPut);
    await expect(store.put(newKey(), pattern(10))).rejects.toMatchObject({ code: meaning });
    middleman.meddle = first(3, { status, code }, isPut);
    const long = store.put(newKey(), inChunks(pattern(7 * MIB), 100_000));
    await expect(long).rejects.toMatchObject({ code: meaning });
    expect(await uploads()).toBe(0);
  });

  test('say of each object that could not be deleted that it was not', async () => {
    const prefix = newPrefix();
    const keys = Array.from({ length: 2_100 }, (_, number) => `${prefix}${number}`);
    middleman.meddle = first(3, { status: 503, code: 'SlowDown' }, ({ url }) => /delete/.test(url ?? ''));
    await expect(store.delete(keys)).rejects.toMatchObject({ code: 'unavailable' });
    await store.delete(keys);
  });

  test('list what others keep in the bucket without a mistake', async () => {
    const { bucket, root } = parseS3Url(place.url);
    const prefix = newPrefix();
    const names = ['Photo 1.JPG', 'a+b', 'ä/ö', '100%', 'line\u0001break', 'x//y', '.hidden/', 'key', 'a~b'];
    const places = names.map((name) => ({ Bucket: bucket, Key: `${root}data/${prefix}${name}` }));
    await onStore(place.url, async (client) => {
      for (const foreign of places) await client.send(new PutObjectCommand({ ...foreign, Body: 'x' }));
    });
    for (const limit of [1, 3, 1_000]) {
      expect((await store.list(prefix, { limit })).map(({ key }) => key)).toEqual([`${prefix}key`]);
    }
    expect(await store.list(`${prefix}x`, { limit: 10 })).toEqual([]);
    await onStore(place.url, async (client) => {
      for (const foreign of places) await client.send(new DeleteObjectCommand(foreign));
    });
  });

  /** The store by a client of its own, under a prefix of its own. */
  async function bucketAt(folder: string, conditional: boolean): Promise<Bucket> {
    const location = parseS3Url(middleman.url);
    const { log } = optionsIn(tmpdir());
    const clients = await createClients(location, undefined, log);
    opened.push(clients);
    const root = `${location.root}${folder}`;
    return {
      name: location.bucket,
      root,
      clients,
      encryption: encryptionFields(undefined),
      conditional,
      sizes: SIZES,
      log,
    };
  }

  test('of a store that knows no conditions are made up for by looking first', async () => {
    const bucket = await bucketAt('', false);
    const key = newKey();
    await put(bucket, key, pattern(10));
    await expect(put(bucket, key, pattern(20))).rejects.toMatchObject({ code: 'conflict' });
    await expect(put(bucket, key, inChunks(pattern(20)))).rejects.toMatchObject({ code: 'conflict' });
    expect((await readBody(store, key)).equals(pattern(10))).toBe(true);
    const apart = { ...bucket, root: `${bucket.root}apart/` };
    await claim(apart, 'one');
    await claim(apart, 'one');
    await expect(claim(apart, 'two')).rejects.toMatchObject({ code: 'conflict' });
    expect(dataRoot(apart)).toBe(`${bucket.root}apart/data/`);
  });

  test('that another claims it just now are asked for again', async () => {
    const bucket = await bucketAt('claimed/', true);
    middleman.meddle = first(1, { status: 409, code: 'ConditionalRequestConflict' }, isPut);
    await claim(bucket, 'one');
    expect(await installation(bucket)).toBe('one');
  });

  test('of a store that knows no conditions make it belong to one of two who claim it at once', async () => {
    const [one, two] = [await bucketAt('rivals/', false), await bucketAt('rivals/', false)];
    const claimed = claim(one, 'one');
    const settled = claimed.catch(() => undefined);
    // Both have seen that it belongs to nobody, and the second writes its name only when the first thinks that it is done.
    two.clients.quick.middlewareStack.add(
      (next) => async (args) => {
        const { Key = '', Body } = args.input as PutObjectCommandInput;
        if (Body !== undefined && Key.endsWith('/installation')) await settled;
        return next(args);
      },
      { step: 'initialize' },
    );
    const outcomes = await Promise.allSettled([claimed, claim(two, 'two')]);
    const winners = ['one', 'two'].filter((_, at) => outcomes[at]?.status === 'fulfilled');
    expect(winners).toEqual([await installation(one)]);
    expect((await keysIn(place.url)).filter((key) => key.includes('/claims/'))).toEqual([]);
  });
});
