import { tmpdir } from 'node:os';
import {
  type CORSRule,
  DeleteBucketCorsCommand,
  DeleteBucketLifecycleCommand,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { onStore } from '../../../../../test/harness/engines/s3-client.ts';
import { describeWithEngines } from '../../../../../test/harness/engines/use.ts';
import { optionsIn } from '../../conformance/bodies.ts';
import { newKey, type StartedPlace } from '../../conformance/place.ts';
import { openObjects } from '../../index.ts';
import type { ObjectStore, StoreSetup } from '../../port.ts';
import { first, type Middleman, openMiddleman, startPlace } from '../testing.ts';
import { parseS3Url } from '../url.ts';

const ORIGIN = 'https://app.example.com';
const WANTED = { origins: [ORIGIN], abortMultipartAfter: 7 };

describeWithEngines(['s3'], 'rules of a bucket', () => {
  let place: StartedPlace;
  let middleman: Middleman;
  let store: ObjectStore;
  let setup: StoreSetup;
  let Bucket: string;
  beforeAll(async () => {
    place = await startPlace();
    middleman = await openMiddleman(place.url);
    store = await openObjects(middleman.url, optionsIn(tmpdir()));
    setup = store.setup as StoreSetup;
    Bucket = parseS3Url(place.url).bucket;
  });
  const forgetRules = () =>
    onStore(place.url, async (client) => {
      await client.send(new DeleteBucketCorsCommand({ Bucket }));
      await client.send(new DeleteBucketLifecycleCommand({ Bucket }));
    });
  beforeEach(forgetRules);
  afterEach(() => {
    middleman.meddle = () => 'pass';
  });
  afterAll(async () => {
    await forgetRules();
    await store.close();
    await middleman.close();
    await place.stop();
  });

  const corsRules = () =>
    onStore(place.url, async (client) => (await client.send(new GetBucketCorsCommand({ Bucket }))).CORSRules ?? []);
  const lifecycleRules = () =>
    onStore(
      place.url,
      async (client) => (await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules ?? [],
    );
  const putCors = (rules: CORSRule[]) =>
    onStore(place.url, (client) =>
      client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: rules } })),
    );
  const putLifecycle = (rules: LifecycleRule[]) =>
    onStore(place.url, (client) =>
      client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: rules } })),
    );

  test('are found to be missing, are made, and then are there', async () => {
    const missing = await setup.inspect(WANTED);
    expect(missing.map(({ rules, change }) => [rules, change !== undefined])).toEqual([
      ['CORS', true],
      ['lifecycle', true],
    ]);
    expect(await setup.inspect(WANTED)).toEqual(missing);
    const made = await setup.apply(WANTED);
    expect(made).toEqual(missing.map((finding) => ({ ...finding, mended: true })));
    expect(await setup.inspect(WANTED)).toEqual([]);
    expect(await setup.apply(WANTED)).toEqual([]);
    expect(await lifecycleRules()).toMatchObject([
      {
        ID: 'holdfast in/here/',
        Status: 'Enabled',
        Filter: { Prefix: 'in/here/data/' },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
      },
    ]);
  });

  test('let a page of these origins, and of no others, put, get and read what it needs', async () => {
    await setup.apply(WANTED);
    const key = newKey();
    const expiresAt = new Date(Date.now() + 60_000);
    const { url, headers } = await store.signPut(key, { size: 5, contentType: 'text/plain', expiresAt });
    const preflight = async (origin: string, method: string) => {
      const asked = {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': 'content-type',
      };
      const answer = await fetch(url, { method: 'OPTIONS', headers: asked });
      await answer.bytes();
      return answer.headers.get('access-control-allow-origin');
    };
    expect(await preflight(ORIGIN, 'PUT')).toBe(ORIGIN);
    expect(await preflight(ORIGIN, 'DELETE')).toBeNull();
    expect(await preflight('https://other.example.com', 'PUT')).toBeNull();
    const put = await fetch(url, { method: 'PUT', headers: { ...headers, origin: ORIGIN }, body: 'bytes' });
    expect(put.status).toBe(200);
    expect(put.headers.get('access-control-expose-headers')).toMatch(/ETag.*Content-Range/i);
  });

  test('of others stay as they are', async () => {
    const foreignCors: CORSRule = { ID: 'foreign', AllowedOrigins: ['https://x.example'], AllowedMethods: ['GET'] };
    const foreignRules: LifecycleRule[] = [
      { ID: 'logs', Status: 'Enabled', Filter: { Prefix: 'logs/' }, Expiration: { Days: 30 } },
      { ID: 'old form', Status: 'Disabled', Prefix: 'tmp/', Expiration: { Days: 3 } },
    ];
    await putCors([foreignCors]);
    await putLifecycle(foreignRules);
    await setup.apply(WANTED);
    expect(await corsRules()).toMatchObject([{ ID: 'holdfast in/here/' }, foreignCors]);
    expect(await lifecycleRules()).toEqual(
      expect.arrayContaining(foreignRules.map((rule) => expect.objectContaining(rule))),
    );
    expect(await lifecycleRules()).toHaveLength(3);
    // Nobody is to be let in any more: our rule goes, theirs stays.
    expect(await setup.apply({ ...WANTED, origins: [] })).toMatchObject([{ rules: 'CORS', mended: true }]);
    expect(await corsRules()).toMatchObject([foreignCors]);
  });

  test('follow the settings when these change', async () => {
    await setup.apply(WANTED);
    const wanted = { origins: ['https://new.example.com', ORIGIN], abortMultipartAfter: 9 };
    expect(await setup.apply(wanted)).toMatchObject([{ mended: true }, { mended: true }]);
    const [rule, ...rest] = await corsRules();
    expect(rule?.AllowedOrigins?.toSorted()).toEqual(wanted.origins.toSorted());
    expect(rest).toEqual([]);
    expect(await lifecycleRules()).toMatchObject([{ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 9 } }]);
    expect(await setup.apply({ ...wanted, origins: ['https://new.example.com'] })).toMatchObject([{ mended: true }]);
    expect(await corsRules()).toMatchObject([{ AllowedOrigins: ['https://new.example.com'] }]);
  });

  test('that others made and that do are enough', async () => {
    await putCors([
      {
        AllowedOrigins: ['https://*.example.com'],
        AllowedMethods: ['GET', 'PUT', 'HEAD', 'POST'],
        AllowedHeaders: ['*'],
        ExposeHeaders: ['etag', 'content-range'],
      },
    ]);
    await putLifecycle([
      {
        ID: 'all',
        Status: 'Enabled',
        Filter: { Prefix: '' },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 8 },
      },
    ]);
    expect(await setup.inspect(WANTED)).toEqual([]);
    // One that comes before and exposes nothing is what counts.
    await putCors([{ AllowedOrigins: ['*'], AllowedMethods: ['GET'], AllowedHeaders: ['*'] }, ...(await corsRules())]);
    expect(await setup.inspect(WANTED)).toMatchObject([{ rules: 'CORS' }]);
  });

  test('are not asked for where the store lets in everybody by itself', async () => {
    middleman.meddle = ({ method, headers }) => {
      if (method !== 'OPTIONS') return 'pass';
      const { origin = '' } = headers;
      const allow = { 'access-control-allow-origin': origin, 'access-control-allow-methods': 'GET, PUT' };
      return { status: 204, headers: allow };
    };
    expect((await setup.inspect(WANTED)).map(({ rules }) => rules)).toEqual(['lifecycle']);
  });

  test('of others that harm what is ours are told of', async () => {
    await setup.apply(WANTED);
    const [ours] = await lifecycleRules();
    const harmful: LifecycleRule[] = [
      { ID: 'clean', Status: 'Enabled', Filter: { Prefix: 'in/' }, Expiration: { Days: 30 } },
      { ID: 'within', Status: 'Enabled', Prefix: 'in/here/data/0', Expiration: { Days: 30 } },
      {
        ID: 'hasty',
        Status: 'Enabled',
        Filter: { Prefix: '' },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
      },
    ];
    await putLifecycle([
      ...harmful,
      ours as LifecycleRule,
      { ID: 'off', Status: 'Disabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } },
      { ID: 'elsewhere', Status: 'Enabled', Filter: { Prefix: 'in/there/' }, Expiration: { Days: 1 } },
      { ID: 'tagged', Status: 'Enabled', Filter: { Tag: { Key: 'a', Value: 'b' } }, Expiration: { Days: 1 } },
    ]);
    const findings = await setup.apply(WANTED);
    expect(findings.map(({ problem, change }) => [/"(\w+)"/.exec(problem)?.[1], change]).sort()).toEqual([
      ['clean', undefined],
      ['hasty', undefined],
      ['within', undefined],
    ]);
    expect(await lifecycleRules()).toHaveLength(7);
  });

  test('that may not be read or written, or are not known to the store, are said to be so', async () => {
    const isRules = ({ url }: { url?: string }) => /\?(cors|lifecycle)/.test(url ?? '');
    const isWriting = (request: { url?: string; method?: string }) => isRules(request) && request.method === 'PUT';
    middleman.meddle = first(9, { status: 403, code: 'AccessDenied' }, isRules);
    for (const finding of await setup.inspect(WANTED)) {
      expect(finding).toMatchObject({ problem: expect.stringMatching(/may not read/), remedy: expect.any(String) });
      expect(finding.change).toBeUndefined();
    }
    for (const [status, code, words] of [
      [501, 'NotImplemented', /does not let its (CORS|lifecycle) rules be set/],
      [403, 'AccessDenied', /may not write the (CORS|lifecycle) rules/],
      [400, 'MalformedXML', /did not let its .* be written \(MalformedXML\)/],
    ] as const) {
      middleman.meddle = first(9, { status, code }, isWriting);
      const findings = await setup.apply(WANTED);
      expect(findings).toHaveLength(2);
      for (const finding of findings) {
        expect(finding).toMatchObject({ mended: false, problem: expect.stringMatching(words) });
      }
    }
    middleman.meddle = first(9, { status: 200 }, isWriting);
    for (const finding of await setup.apply(WANTED)) {
      expect(finding).toMatchObject({ mended: false, problem: expect.stringMatching(/did not keep/) });
    }
    middleman.meddle = first(99, { status: 503, code: 'SlowDown' }, isRules);
    await expect(setup.inspect(WANTED)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
