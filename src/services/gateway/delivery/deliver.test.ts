import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { open } from '../../../../test/harness/http.ts';
import { expectProblem } from '../../../../test/harness/problems.ts';
import { until } from '../../../../test/harness/until.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import { ContentAccess, type ResolveContentRequest } from '../../../contract/holdfast/internal/v1/upload.ts';
import type { ObjectBody } from '../../../drivers/objects/port.ts';
import { type BareGateway, startBareGateway } from '../testing.ts';

const SIZE = 300_007;
const bytes = Buffer.from(Array.from({ length: SIZE }, (_, at) => (at * 31) % 251));
const modifiedAt = new Date('2026-03-01T12:00:00.500Z');
const OBJECTS: Readonly<Record<string, { type: string; content: Buffer; name?: string }>> = {
  large: { type: 'application/octet-stream', content: bytes, name: 'large.bin' },
  short: { type: 'text/plain', content: Buffer.from('short text'), name: 'short.txt' },
  empty: { type: 'text/plain', content: Buffer.alloc(0) },
  page: { type: 'text/html', content: Buffer.from('<script>alert(1)</script>'), name: 'page.html' },
  pdf: { type: 'application/pdf', content: Buffer.from('%PDF-1.7'), name: 'a.pdf' },
};
const ids = new Map(Object.keys(OBJECTS).map((name) => [name, newId()]));

let server: BareGateway;
let asked: ResolveContentRequest[];
let opened: ObjectBody[];

beforeAll(async () => {
  server = await startBareGateway({
    uploads: {
      async resolveContent(request) {
        asked.push(request);
        const name = [...ids].find(([, id]) => id === request.fileId)?.[0];
        const found = name === undefined ? undefined : OBJECTS[name];
        if (request.variant === 'pending') throw new HoldfastError('variant_pending', 'Wait.', { retryAfter: 1 });
        if (!name || !found || request.variant !== '') throw new HoldfastError('not_found', 'There is no such file.');
        return {
          key: `owner/${name}/original.bin`,
          name: found.name ?? 'none',
          contentType: found.type,
          size: found.content.length,
          etag: `tag-${name}`,
          modifiedAt,
        };
      },
    },
    objects: (store) => ({
      ...store,
      head: (key) => store.head(key),
      signGet: (key, options) => store.signGet(key, options),
      async get(key, options) {
        const body = await store.get(key, options);
        opened.push(body);
        return body;
      },
    }),
  });
  for (const [name, { content }] of Object.entries(OBJECTS))
    await server.store.put(`owner/${name}/original.bin`, content);
});
afterAll(() => server.close());
beforeEach(() => {
  asked = [];
  opened = [];
});

const at = (name: string) => `/api/files/${ids.get(name)}/content`;
const get = (name: string, headers: Record<string, string> = {}, method = 'GET') =>
  server.call(method, at(name), { headers: { authorization: 'Bearer ada', ...headers } });

describe('content', () => {
  it.each(['large', 'short', 'empty'])('comes whole (%s)', async (name) => {
    const { status, headers, bytes: received } = await get(name);
    const content = OBJECTS[name]?.content as Buffer;
    expect(status).toBe(200);
    expect(received.equals(content)).toBe(true);
    expect(headers).toMatchObject({
      'content-length': String(content.length),
      'accept-ranges': 'bytes',
      etag: `"tag-${name}"`,
      'last-modified': 'Sun, 01 Mar 2026 12:00:00 GMT',
      'cache-control': 'private, no-cache',
      'x-content-type-options': 'nosniff',
    });
    expect(asked[0]).toMatchObject({ ownerId: 'ada', access: ContentAccess.OWNER });
  });

  it('comes in any range', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: SIZE - 1 }), fc.integer({ min: 0, max: SIZE - 1 }), async (a, b) => {
        const [first, last] = a < b ? [a, b] : [b, a];
        const { status, headers, bytes: received } = await get('large', { range: `bytes=${first}-${last}` });
        expect(status).toBe(206);
        expect(headers['content-range']).toBe(`bytes ${first}-${last}/${SIZE}`);
        expect(headers['content-length']).toBe(String(last - first + 1));
        expect(received.equals(bytes.subarray(first, last + 1))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('is not opened where its bytes are not wanted', async () => {
    expect((await get('large', {}, 'HEAD')).status).toBe(200);
    expect((await get('large', { 'if-none-match': '"tag-large"' })).status).toBe(304);
    expect((await get('large', { 'if-match': '"other"' })).status).toBe(412);
    expectProblem(await get('large', { range: `bytes=${SIZE}-` }), 416, 'range_not_satisfiable');
    expect(opened).toEqual([]);
  });

  it('says in a 416 how large it is', async () => {
    expect((await get('empty', { range: 'bytes=0-' })).headers['content-range']).toBe('bytes */0');
  });

  it('says in a 304 no more than it must', async () => {
    const { headers } = await get('short', { 'if-none-match': '*' });
    expect(headers).toMatchObject({ etag: '"tag-short"', 'cache-control': 'private, no-cache' });
    expect(headers['content-type']).toBeUndefined();
    expect(headers['content-length']).toBeUndefined();
  });

  it('runs nowhere', async () => {
    const page = await get('page');
    expect(page.headers['content-disposition']).toBe('attachment; filename=page.html');
    expect(page.headers['content-security-policy']).toMatch(/default-src 'none'.*; sandbox$/);
    const pdf = await get('pdf');
    expect(pdf.headers['content-disposition']).toBe('inline; filename=a.pdf');
    expect(pdf.headers['content-security-policy']).toContain("default-src 'none'");
  });

  it.each([
    ['', 'inline; filename=short.txt'],
    ['?download=1', 'attachment; filename=short.txt'],
    ['?download=true', 'attachment; filename=short.txt'],
    ['?download=', 'attachment; filename=short.txt'],
    ['?download=0', 'inline; filename=short.txt'],
    ['?download=other.txt', 'attachment; filename=other.txt'],
    ['?download=..%2f..%2fx', 'attachment; filename=.._.._x'],
    ['?download=a%0d%0ab', 'attachment; filename=a__b'],
  ])('is shown or saved as asked (%s)', async (query, disposition) => {
    const { headers } = await server.call('GET', at('short') + query, { headers: { authorization: 'Bearer ada' } });
    expect(headers['content-disposition']).toBe(disposition);
  });

  it('of a variant that is being made says when to ask again', async () => {
    const answer = await server.call('GET', `${at('short')}?variant=pending`, {
      headers: { authorization: 'Bearer ada' },
    });
    expectProblem(answer, 404, 'variant_pending');
    expect(answer.headers['retry-after']).toBe('1');
  });

  it('refuses a query that it does not know', async () => {
    const answer = await server.call('GET', `${at('short')}?varient=x`, { headers: { authorization: 'Bearer ada' } });
    expectProblem(answer, 400, 'invalid_request');
  });
});

describe('public content', () => {
  it('needs no token, and may be kept by anybody', async () => {
    const { status, headers } = await server.call('GET', `/public/${ids.get('short')}?utm_source=x`);
    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(headers['cross-origin-resource-policy']).toBe('cross-origin');
    expect(asked[0]).toMatchObject({ ownerId: '', access: ContentAccess.PUBLIC, variant: '' });
    expectProblem(await server.call('GET', `/public/${ids.get('short')}/small`), 404, 'not_found');
    expect(asked[1]).toMatchObject({ variant: 'small' });
  });
});

describe('content by a signed URL', () => {
  const sign = (name: string, contentType: string, contentDisposition: string) =>
    server.store.signGet(`owner/${name}/original.bin`, {
      contentType,
      contentDisposition,
      expiresAt: new Date(Date.now() + 60_000),
    });
  const fetchSigned = async (url: string, headers: Record<string, string> = {}, method = 'GET') =>
    server.call(method, url.slice(server.url.length), { headers });

  it('needs no token, and knows ranges and conditions', async () => {
    const url = await sign('large', 'image/png', 'inline; filename=a.png');
    const whole = await fetchSigned(url);
    expect(whole.bytes.equals(bytes)).toBe(true);
    expect(whole.headers).toMatchObject({
      'content-type': 'image/png',
      'content-disposition': 'inline; filename=a.png',
      'x-content-type-options': 'nosniff',
    });
    expect((await fetchSigned(url, { range: 'bytes=5-9' })).bytes.equals(bytes.subarray(5, 10))).toBe(true);
    expect((await fetchSigned(url, { 'if-none-match': whole.headers.etag as string })).status).toBe(304);
    expect((await fetchSigned(url, {}, 'HEAD')).headers['content-length']).toBe(String(SIZE));
    expect(whole.headers.etag).not.toContain('owner');
  });

  it('shows nothing that could run, whatever was signed', async () => {
    const url = await sign('page', 'text/html', 'inline; filename=page.html');
    expect((await fetchSigned(url)).headers['content-disposition']).toBe('attachment; filename=page.html');
  });

  it('that is none opens nothing', async () => {
    const url = await sign('short', 'text/plain', 'inline');
    expectProblem(await fetchSigned(`${url}x`), 403, 'signature_invalid');
    expectProblem(await fetchSigned(url.slice(0, -1)), 403, 'signature_invalid');
    const put = await server.store.signPut('owner/new/original.bin', {
      size: 1,
      contentType: 'text/plain',
      expiresAt: new Date(Date.now() + 60_000),
    });
    expectProblem(await fetchSigned(put.url), 403, 'signature_invalid');
    const missing = await sign('missing', 'text/plain', 'inline');
    expectProblem(await fetchSigned(missing), 404, 'not_found');
  });
});

describe('a body that cannot be sent to its end', () => {
  const LENGTH = 1_000_000_000;
  const startWith = (stream: () => Readable) =>
    startBareGateway({
      uploads: {
        resolveContent: async () => ({
          key: 'k',
          name: 'a.bin',
          contentType: 'application/octet-stream',
          size: LENGTH,
          etag: 'x',
          modifiedAt,
        }),
      },
      objects: (store) => ({ ...store, get: async () => ({ length: LENGTH, stream: stream() }) }),
    });
  const path = `/api/files/${newId()}/content`;
  const headers = { authorization: 'Bearer ada' };

  it('because the store fails is cut off, so that nobody takes it for whole', async () => {
    const failing = await startWith(() =>
      Readable.from(
        (async function* () {
          yield Buffer.alloc(100_000);
          throw new Error('the disk broke');
        })(),
      ),
    );
    try {
      await expect(failing.call('GET', path, { headers })).rejects.toThrow(/aborted|hang up|ECONNRESET/);
    } finally {
      await failing.close();
    }
  });

  it('because the client went away is let go of', async () => {
    let stream = new Readable();
    const endless = await startWith(() => {
      stream = new Readable({
        read() {
          this.push(Buffer.alloc(65_536));
        },
      });
      return stream;
    });
    try {
      const answer = await open('GET', endless.url + path, { headers });
      expect(stream.destroyed).toBe(false);
      answer.destroy();
      await until('the body to be closed', () => stream.destroyed);
      await until('the line', () => endless.lines.some(({ status }) => status === 499));
    } finally {
      await endless.close();
    }
  });
});
