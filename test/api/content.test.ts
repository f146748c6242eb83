import { beforeAll, describe, expect, test } from 'vitest';
import type { Api } from '../harness/client.ts';
import { fixture } from '../harness/fixtures.ts';
import { expectProblem } from '../harness/problems.ts';
import { useSharedStack } from '../harness/stack.ts';
import type { UploadedFile } from '../harness/views.ts';

const stack = useSharedStack();
let user: Api;
let notes: UploadedFile;
let bytes: Buffer;
beforeAll(async () => {
  user = await stack.api.signUp();
  bytes = await fixture('notes.txt');
  notes = await user.upload(bytes, { name: 'notes — Zürich "1".txt', type: 'text/plain' });
});

const get = (headers: Record<string, string> = {}, query = '', method = 'GET') =>
  user.call(method, `/api/files/${notes.id}/content${query}`, { headers });

describe('content', () => {
  test('comes with what a browser needs to keep it safe', async () => {
    const { status, headers, bytes: received } = await get();
    expect({ status, received }).toEqual({ status: 200, received: bytes });
    expect(headers).toMatchObject({
      'content-length': String(bytes.length),
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-cache',
      'x-content-type-options': 'nosniff',
    });
    expect(headers['content-security-policy']).toMatch(/sandbox/);
    expect(headers['content-type']).toMatch(/^text\/plain/);
    expect(headers.etag).toMatch(/^"[\x21\x23-\x7e]+"$/);
  });

  test('has the same head without a body (HEAD)', async () => {
    const got = await get();
    const head = await get({}, '', 'HEAD');
    expect(head.bytes).toHaveLength(0);
    expect(head.status).toBe(200);
    for (const name of ['content-length', 'content-type', 'etag', 'last-modified', 'accept-ranges', 'cache-control']) {
      expect(head.headers[name], name).toBe(got.headers[name]);
    }
  });

  test('is not sent again to whoever has it', async () => {
    const etag = (await get()).headers.etag as string;
    for (const match of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const { status, headers, bytes: received } = await get({ 'if-none-match': match });
      expect({ match, status, length: received.length, etag: headers.etag }).toEqual({
        match,
        status: 304,
        length: 0,
        etag,
      });
    }
    expect((await get({ 'if-none-match': '"other"' })).status).toBe(200);
    expect((await get({ 'if-none-match': etag }, '', 'HEAD')).status).toBe(304);
  });

  test('heeds the other conditions', async () => {
    const { etag, 'last-modified': modified } = (await get()).headers as Record<string, string>;
    expect((await get({ 'if-match': etag as string })).status).toBe(200);
    expectProblem(await get({ 'if-match': '"other"' }), 412, 'precondition_failed');
    if (modified) expect((await get({ 'if-modified-since': modified })).status).toBe(304);
  });

  test.each([
    ['?download=1', 'attachment'],
    ['?download=other%20name.txt', 'attachment'],
    ['', 'inline'],
  ])('asked for with "%s" is %s', async (query, how) => {
    const { headers } = await get({}, query);
    expect(headers['content-disposition']).toMatch(new RegExp(`^${how}`));
    expect(headers['content-disposition']).toMatch(/^[\x20-\x7e]*$/);
    const name = query.includes('other') ? 'other name.txt' : 'notes — Zürich "1".txt';
    const star = /filename\*=UTF-8''([^;]+)/.exec(headers['content-disposition'] as string)?.[1];
    const plain = /filename="?([^";]+)/.exec(headers['content-disposition'] as string)?.[1];
    expect(star ? decodeURIComponent(star) : plain).toBe(name);
  });

  test('cannot split the answer with a name', async () => {
    const { status, headers } = await get({}, '?download=a%0d%0aSet-Cookie:%20x=1');
    expect(headers['set-cookie']).toBeUndefined();
    expect([200, 400]).toContain(status);
  });

  test('that a browser would run is handed over as a file', async () => {
    const page = await user.upload('<!doctype html><script>alert(1)</script>', {
      name: 'page.html',
      type: 'text/html',
    });
    const { headers } = await user.call('GET', `/api/files/${page.id}/content`);
    const runs = /text\/html|svg|xml/.test(headers['content-type'] ?? '');
    expect(runs ? headers['content-disposition'] : 'attachment').toMatch(/^attachment/);
    expect(headers['content-security-policy']).toMatch(/sandbox/);
  });

  test('of a variant that there is not is not found', async () => {
    expectProblem(await get({}, '?variant=thumbnail'), 404, 'not_found');
    expectProblem(await get({}, '?variant=..%2f..%2fholdfast.db'), 404, 'not_found');
  });

  test('of a variant that is being made is pending, then there', async () => {
    const { id } = await user.upload(await fixture('camera.jpg'), { name: 'camera.jpg' });
    const at = (variant: string) => user.call('GET', `/api/files/${id}/content?variant=${variant}`);
    const first = await at('webp');
    if (first.status !== 200) {
      expectProblem(first, 404, 'variant_pending');
      expect(Number(first.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    }
    await user.processed(id);
    const { status, headers } = await at('webp');
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'image/webp' });
  });

  test('of nothing is empty, and has no range', async () => {
    const { id } = await user.upload('', { name: 'empty.txt', type: 'text/plain' });
    const path = `/api/files/${id}/content`;
    expect((await user.call('GET', path)).bytes).toHaveLength(0);
    const ranged = await user.call('GET', path, { headers: { range: 'bytes=0-0' } });
    expect(ranged.status).toBe(416);
    expect(ranged.headers['content-range']).toBe('bytes */0');
  });
});
