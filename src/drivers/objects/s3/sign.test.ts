import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithEngines } from '../../../../test/harness/engines/use.ts';
import { optionsIn, pattern } from '../conformance/bodies.ts';
import { newKey, type StartedPlace } from '../conformance/place.ts';
import { openObjects } from '../index.ts';
import type { ObjectStore } from '../port.ts';
import { sendOverHttp, startPlace } from './testing.ts';

const MIB = 1024 * 1024;
const soon = () => new Date(Date.now() + 60_000);

describeWithEngines(['s3'], 'signed requests', () => {
  let place: StartedPlace;
  let store: ObjectStore;
  beforeAll(async () => {
    place = await startPlace();
    store = await openObjects(place.url, optionsIn(tmpdir()));
  });
  afterAll(async () => {
    await store.close();
    await place.stop();
  });

  test('take the length and the type that were signed, and refuse others as forbidden', async () => {
    const key = newKey();
    const bytes = pattern(5_000);
    const signed = await store.signPut(key, { size: bytes.length, contentType: 'image/png', expiresAt: soon() });
    const put = async (headers: Record<string, string>, body: Buffer) =>
      (await sendOverHttp(store, { ...signed, headers }, body)).status;
    expect(await put({ ...signed.headers, 'content-type': 'text/html' }, bytes)).toBe(403);
    expect(await put({}, bytes)).toBe(403);
    expect(await put(signed.headers, bytes.subarray(1))).toBe(403);
    expect(await put(signed.headers, Buffer.concat([bytes, bytes]))).toBe(403);
    expect(await store.head(key)).toBeUndefined();
    expect(await put(signed.headers, bytes)).toBe(200);
    expect(await store.head(key)).toMatchObject({ size: bytes.length });
    // What may be sent is in the headers: whoever holds the URL sends these, and need not know more.
    expect(signed.headers).toEqual({ 'content-type': 'image/png' });
  });

  test('take a part of the length that was signed, under its number alone', async () => {
    const key = newKey();
    const multipartId = await store.createMultipart(key, 'image/png');
    const part = { multipartId, number: 2, size: 5 * MIB, expiresAt: soon() };
    const signed = await store.signPart(key, part);
    const put = async (url: string, body: Buffer) =>
      (await sendOverHttp(store, { method: 'PUT', url, headers: {} }, body)).status;
    expect(await put(signed.url, pattern(5 * MIB - 1))).toBe(403);
    expect(await put(signed.url.replace('partNumber=2', 'partNumber=3'), pattern(5 * MIB))).toBe(403);
    expect(await put(signed.url, pattern(5 * MIB))).toBe(200);
    expect((await store.listParts(key, multipartId)).map(({ number }) => number)).toEqual([2]);
    await store.abortMultipart(key, multipartId);
  });

  test('answer with the type and the disposition that were signed, ranges too', async () => {
    const key = newKey();
    await store.put(key, pattern(1_000), { contentType: 'application/octet-stream' });
    const contentDisposition = `attachment; filename="a \\"b\\".csv"; filename*=UTF-8''%C3%A4%20%E2%82%AC.csv`;
    const url = await store.signGet(key, { contentType: 'text/csv', contentDisposition, expiresAt: soon() });
    const whole = await fetch(url);
    expect(whole.headers.get('content-type')).toBe('text/csv');
    expect(whole.headers.get('content-disposition')).toBe(contentDisposition);
    expect(await whole.bytes()).toEqual(new Uint8Array(pattern(1_000)));
    const range = await fetch(url, { headers: { range: 'bytes=10-19' } });
    expect(range.status).toBe(206);
    expect(await range.bytes()).toEqual(new Uint8Array(pattern(1_000).subarray(10, 20)));
    const forged = await fetch(url.replace('text%2Fcsv', 'text%2Fhtml'));
    expect(forged.status).toBe(403);
    await forged.bytes();
  });

  test('point to the public endpoint, which is not used for anything else', async () => {
    const own = new URL(place.url);
    own.searchParams.set('publicEndpoint', 'https://files.example.com');
    const other = await openObjects(own.href, optionsIn(tmpdir()));
    const key = newKey();
    await other.put(key, pattern(10));
    const expiresAt = soon();
    const multipartId = await other.createMultipart(key, 'text/plain');
    const urls = [
      await other.signGet(key, { contentType: 'text/plain', contentDisposition: 'inline', expiresAt }),
      (await other.signPut(key, { size: 1, contentType: 'text/plain', expiresAt })).url,
      (await other.signPart(key, { multipartId, number: 1, size: 1, expiresAt })).url,
    ];
    for (const url of urls) {
      expect(new URL(url)).toMatchObject({ origin: 'https://files.example.com' });
      expect(url).toContain(`/in/here/data/${key}?`);
    }
    await other.abortMultipart(key, multipartId);
    await other.close();
  });

  test('end when they are told to, and after a week at the latest', async () => {
    const options = { contentType: 'text/plain', contentDisposition: 'inline' };
    const lifetime = async (milliseconds: number) => {
      const now = Date.now();
      const query = new URL(await store.signGet(newKey(), { ...options, expiresAt: new Date(now + milliseconds) }))
        .searchParams;
      const [, date = '', time = ''] = /^(\d{8})T(\d{6})Z$/.exec(query.get('X-Amz-Date') ?? '') ?? [];
      const signed = Date.parse(
        `${date.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time.replace(/(..)(..)(..)/, '$1:$2:$3')}Z`,
      );
      return signed + Number(query.get('X-Amz-Expires')) * 1_000 - now;
    };
    for (const milliseconds of [5_000, 900_000, 86_400_000]) {
      const lives = await lifetime(milliseconds);
      expect(lives).toBeLessThanOrEqual(milliseconds);
      expect(lives).toBeGreaterThan(milliseconds - 2_000);
    }
    expect(await lifetime(30 * 86_400_000)).toBeLessThanOrEqual(7 * 86_400_000 + 1_000);
  });
});
