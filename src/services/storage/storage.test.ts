import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CallContext, serviceContext } from '../../base/context.ts';
import { newId } from '../../base/ids.ts';
import { StorageServiceDefinition } from '../../contract/holdfast/v1/storage.ts';
import { openObjects } from '../../drivers/objects/index.ts';
import type { ObjectStore, SignedGrant } from '../../drivers/objects/port.ts';
import type { Service } from '../../rpc/contract.ts';
import { type Calls, IN_PROCESS, overGrpc } from '../../rpc/testing/calls.ts';
import { createStorageService } from './index.ts';

const log = pino({ level: 'silent' });
const context = serviceContext('test', log, 'test');
const soon = () => new Date(Date.now() + 60_000);
const aborted = (reason: Error): CallContext => ({ ...context, signal: AbortSignal.abort(reason) });

describe.each([
  ['in process', () => IN_PROCESS],
  ['over gRPC', overGrpc],
])('storage %s', (_, way) => {
  let dataDir: string;
  let objects: ObjectStore;
  let storage: Service<StorageServiceDefinition>;
  let calls: Calls;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'holdfast-storage-'));
    objects = await openObjects('file:', {
      dataDir,
      signingKey: Buffer.alloc(32, 1),
      publicUrl: () => 'https://files.example.org/',
      log,
    });
    calls = way();
    storage = calls.to(StorageServiceDefinition, createStorageService({ objects, log }));
  });
  afterEach(async () => {
    await calls.close();
    await objects.close();
    await rm(dataDir, { recursive: true });
  });

  function grantOf(url: string | undefined): SignedGrant | undefined {
    const start = `https://files.example.org${objects.endpoint?.path}`;
    if (!url?.startsWith(start)) throw new Error(`Not a signed URL: ${url}`);
    return objects.endpoint?.verify(url.slice(start.length));
  }

  const send = (grant: SignedGrant | undefined, bytes: Uint8Array) => {
    if (grant?.action !== 'put-part') throw new Error('Not a grant for a part.');
    return objects.endpoint?.putPart(grant, Readable.from([bytes]), AbortSignal.timeout(10_000));
  };

  test('signs one request for an upload, and one for a download', async () => {
    const { request } = await storage.signUpload(
      { key: 'in/a', size: 0, contentType: 'text/csv', expiresAt: soon() },
      context,
    );
    expect(request).toMatchObject({ method: 'PUT', headers: { 'content-type': 'text/csv' } });
    expect(grantOf(request?.url)).toEqual({ action: 'put', key: 'in/a', size: 0, contentType: 'text/csv' });
    const answers = { contentType: 'text/csv', contentDisposition: 'inline' };
    const { url } = await storage.signDownload({ key: 'a/b', ...answers, expiresAt: soon() }, context);
    expect(grantOf(url)).toEqual({ action: 'get', key: 'a/b', ...answers });
  });

  test('signs many requests at once, in the order they were asked for', async () => {
    const uploads = Array.from({ length: 120 }, (_, size) => ({
      key: `in/${size}`,
      size,
      contentType: 'text/csv',
      expiresAt: soon(),
    }));
    const { requests } = await storage.signUploads({ uploads }, context);
    expect(requests.map(({ url }) => grantOf(url))).toEqual(
      uploads.map(({ expiresAt: _, ...upload }) => ({ action: 'put', ...upload })),
    );
    expect(await storage.signUploads({ uploads: [] }, context)).toEqual({ requests: [] });
    for (const wrong of [Array(1_001).fill(uploads[0]), [uploads[0], { ...uploads[1], size: -1 }]]) {
      await expect(storage.signUploads({ uploads: wrong }, context)).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });

  test('signs nothing without a size or an end', async () => {
    const upload = { key: 'in/a', size: 1, contentType: 'text/csv' };
    for (const request of [upload, { ...upload, size: -1, expiresAt: soon() }]) {
      await expect(storage.signUpload(request, context)).rejects.toMatchObject({ code: 'invalid_request' });
    }
    const download = { key: 'a', contentType: '', contentDisposition: '' };
    await expect(storage.signDownload(download, context)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('signs the parts that an upload has, the last one smaller, and no others', async () => {
    const key = 'a/b/c';
    const { multipartId } = await storage.createMultipart(
      { key, contentType: 'text/csv', size: 25, partSize: 10 },
      context,
    );
    const sign = (from: number, count: number, size = 25, partSize = 10) =>
      storage.signParts({ key, multipartId, size, partSize, from, count, expiresAt: soon() }, context);
    const sizes = async (from: number, count: number, size?: number) =>
      (await sign(from, count, size)).parts.map(({ number, request }) => {
        const grant = grantOf(request?.url);
        if (grant?.action !== 'put-part') throw new Error('Not a grant for a part.');
        expect(grant).toMatchObject({ key, multipartId, number });
        return grant.size;
      });
    expect(await sizes(1, 3)).toEqual([10, 10, 5]);
    expect(await sizes(3, 1)).toEqual([5]);
    expect(await sizes(1, 2, 20)).toEqual([10, 10]);
    for (const [from, count, size, partSize] of [
      [0, 1],
      [4, 1],
      [3, 2],
      [1, 0],
      [1, -1],
      [1, 1, 0],
      [1, 1, 25, 0],
      [1, 1_001, 1e9, 1],
    ] as const) {
      await expect(sign(from, count, size, partSize)).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });

  test('puts parts together, safely twice, and gives up what is not wanted', async () => {
    const begin = async (key: string) => {
      const { multipartId } = await storage.createMultipart(
        { key, contentType: 'text/csv', size: 15, partSize: 10 },
        context,
      );
      const request = { key, multipartId, size: 15, partSize: 10, from: 1, count: 2, expiresAt: soon() };
      const { parts } = await storage.signParts(request, context);
      await send(grantOf(parts[1]?.request?.url), Buffer.from('world'));
      await send(grantOf(parts[0]?.request?.url), Buffer.from('0123456789'));
      return { key, multipartId };
    };
    const wanted = await begin('a/b/wanted');
    const unwanted = await begin('a/b/unwanted');
    const begun = await storage.listMultipart({ begunBefore: soon() }, context);
    expect(begun.uploads).toEqual([wanted, unwanted]);
    await expect(storage.listMultipart({}, context)).rejects.toMatchObject({ code: 'invalid_request' });

    const { parts } = await storage.listParts(wanted, context);
    expect(parts.map(({ number, size }) => [number, size])).toEqual([
      [1, 10],
      [2, 5],
    ]);
    for (let time = 0; time < 2; time++) {
      await storage.completeMultipart({ ...wanted, parts }, context);
      await storage.abortMultipart(unwanted, context);
    }
    expect(await storage.inspectObject({ key: wanted.key, contentType: 'text/csv', hash: true }, context)).toEqual({
      size: 15,
      contentType: 'text/csv',
      sha256: createHash('sha256').update('0123456789world').digest('hex'),
    });
    expect(await storage.listParts(unwanted, context)).toEqual({ parts: [] });
    expect(await storage.listMultipart({ begunBefore: soon() }, context)).toEqual({ uploads: [] });
  });

  test('inspects objects of any length, with or without their hash', async () => {
    const png = Buffer.from('89504e470d0a1a0a', 'hex');
    for (const length of [0, 1, 4_099, 4_100, 4_101, 70_000, 3_000_000]) {
      const bytes = Buffer.alloc(length, 'content ');
      png.copy(bytes);
      const key = `a/b/${length}`;
      await objects.put(key, bytes);
      const contentType = length < 8 ? 'application/octet-stream' : 'image/png';
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const inspect = (hash: boolean) => storage.inspectObject({ key, contentType: 'text/csv', hash }, context);
      expect(await inspect(true)).toMatchObject({ size: length, sha256, ...(length > 1 && { contentType }) });
      const seen = await inspect(false);
      expect(seen).toMatchObject({ size: length, ...(length > 1 && { contentType }) });
      expect(seen.sha256).toBeUndefined();
    }
  });

  test('inspects what came in parts', async () => {
    const key = 'a/b/c';
    const multipartId = await objects.createMultipart(key, 'text/plain');
    const bytes = Buffer.from('%PDF-1.7 in two parts');
    const parts = [];
    for (const [number, part] of [
      [1, bytes.subarray(0, 3)],
      [2, bytes.subarray(3)],
    ] as const) {
      parts.push(await send({ action: 'put-part', key, multipartId, number, size: part.length }, part));
    }
    await objects.completeMultipart(key, multipartId, parts as never);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const found = await storage.inspectObject({ key, contentType: 'text/csv', hash: true }, context);
    expect(found).toEqual({ size: bytes.length, contentType: 'application/pdf', sha256 });
  });

  test('an object that is not there is not found, and a caller that is gone is not served', async () => {
    for (const hash of [true, false]) {
      const missing = storage.inspectObject({ key: 'a/b', contentType: '', hash }, context);
      await expect(missing).rejects.toMatchObject({ code: 'not_found' });
    }
    await objects.put('a/b', Buffer.alloc(3_000_000));
    const reason = new DOMException('The caller went away.', 'AbortError');
    for (const hash of [true, false]) {
      const inspected = storage.inspectObject({ key: 'a/b', contentType: '', hash }, aborted(reason));
      await expect(inspected).rejects.toMatchObject({ code: 'cancelled' });
    }
    const deleted = storage.deleteObjects({ keys: ['a/b'], prefixes: ['a/'] }, aborted(reason));
    await expect(deleted).rejects.toMatchObject({ code: 'cancelled' });
    expect(await objects.head('a/b')).toBeDefined();
  });

  test('moves, lists and deletes, more than fits one batch', async () => {
    const prefix = `${newId()}/`;
    const keys = Array.from({ length: 1_200 }, (_, number) => `${prefix}f/${String(number).padStart(4, '0')}`);
    for (let first = 0; first < keys.length; first += 100) {
      await Promise.all(keys.slice(first, first + 100).map((key) => objects.put(key, Buffer.from('bytes'))));
    }
    const found: string[] = [];
    let after = '';
    do {
      const page = await storage.listObjects({ prefix, after, limit: 400 }, context);
      found.push(...page.objects.map(({ key }) => key));
      expect(page.objects.every(({ size, modifiedAt }) => size === 5 && modifiedAt instanceof Date)).toBe(true);
      after = page.next;
    } while (after !== '');
    expect(found).toEqual(keys);

    for (let time = 0; time < 2; time++)
      await storage.moveObject({ from: keys[0] as string, to: `${prefix}g/kept` }, context);
    await storage.deleteObjects({ keys: [`${prefix}missing`], prefixes: [`${prefix}f/`, `${prefix}none/`] }, context);
    const { objects: left, next } = await storage.listObjects({ prefix, after: '', limit: 400 }, context);
    expect(left.map(({ key }) => key)).toEqual([`${prefix}g/kept`]);
    expect(next).toBe('');
    await storage.deleteObjects({ keys: [`${prefix}g/kept`], prefixes: [] }, context);
    expect(await objects.list('', { limit: 10 })).toEqual([]);
  });

  test('deletes under no prefix that could be all or part of a name', async () => {
    await objects.put('a/b', Buffer.from('bytes'));
    for (const prefix of ['', '/', 'a', 'a//']) {
      const deleted = storage.deleteObjects({ keys: [], prefixes: [prefix] }, context);
      await expect(deleted).rejects.toMatchObject({ code: 'invalid_request' });
    }
    expect(await objects.head('a/b')).toBeDefined();
  });
});
