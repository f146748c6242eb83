import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, sendRaw } from '../../../../test/harness/http.ts';
import { until } from '../../../../test/harness/until.ts';
import { HoldfastError } from '../../../base/errors.ts';
import type { GatewayDeps } from '../deps.ts';
import { startTestGateway, type TestGateway } from './testing.ts';

let server: TestGateway;
/** What is asked instead of whether an upload is open, once. */
let checks: (() => void)[] = [];

beforeAll(async () => {
  server = await startTestGateway({}, ({ uploads }: Pick<GatewayDeps, 'uploads'>) => ({
    uploads: {
      ...uploads,
      checkUploadOpen: async (...args) => {
        checks.shift()?.();
        return uploads.checkUploadOpen(...args);
      },
    },
  }));
});
afterAll(() => server.close());

const codeOf = ({ status, body }: Answer) => (status < 300 ? status : `${status} ${body?.code}`);
async function begin(content: string | Buffer, more: Record<string, unknown> = {}) {
  const { body } = await server.call('POST', '/api/uploads', {
    json: { name: 'a.txt', size: Buffer.byteLength(content), contentType: 'text/plain', ...more },
  });
  return { ...body, id: body.file.id as string, url: body.upload.url as string };
}
const put = (
  url: string,
  body: string | Buffer | Readable,
  headers: Record<string, string> = { 'content-type': 'text/plain' },
) => server.call('PUT', url, { body, headers });
const confirm = (id: string) => server.call('POST', `/api/uploads/${id}/confirm`, { json: {} });
const objectOf = async (id: string) => {
  const keys = (await server.objects.list('', { limit: 1000 })).map(({ key }) => key).filter((key) => key.includes(id));
  return Promise.all(keys.map(async (key) => (await buffer((await server.objects.get(key)).stream)).toString()));
};

describe('a signed URL for writing', () => {
  test.each([0, 5, 3_000_000])('takes the %i bytes that were declared, once, and confirms', async (size) => {
    const bytes = Buffer.alloc(size, 'abc');
    const { id, url } = await begin(bytes);
    const sent = await put(url, bytes);
    expect([sent.status, sent.bytes.length]).toEqual([200, 0]);
    expect(sent.headers.etag).toMatch(/^"[0-9a-f]{64}"$/);
    expect(codeOf(await confirm(id))).toBe(202);
    expect((await objectOf(id)).map((content) => content.length)).toEqual([size]);
  });

  test('takes the same bytes again, for a client that did not hear the answer', async () => {
    const { id, url } = await begin('hello');
    const [first, again] = [await put(url, 'hello'), await put(url, 'hello')];
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.headers.etag).toBe(first.headers.etag);
    const crowd = await Promise.all(Array.from({ length: 5 }, () => put(url, 'hello')));
    expect(crowd.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(await objectOf(id)).toEqual(['hello']);
  });

  test('never puts other bytes in the place of those that it took', async () => {
    const { id, url } = await begin('hello');
    const answers = await Promise.all([put(url, 'hello'), put(url, 'HELLO')]);
    expect(answers.map(codeOf).sort()).toEqual([200, '409 conflict']);
    const [kept] = await objectOf(id);
    expect(codeOf(await put(url, kept === 'hello' ? 'HELLO' : 'hello'))).toBe('409 conflict');
    expect(await objectOf(id)).toEqual([kept]);
  });

  test('takes nothing once its upload is confirmed or given up', async () => {
    const confirmed = await begin('hello');
    await put(confirmed.url, 'hello');
    await confirm(confirmed.id);
    expect(codeOf(await put(confirmed.url, 'HELLO'))).toBe('409 upload_closed');
    expect(await objectOf(confirmed.id)).toEqual(['hello']);
    const givenUp = await begin('hello');
    expect((await server.call('DELETE', `/api/uploads/${givenUp.id}`)).status).toBe(204);
    expect(codeOf(await put(givenUp.url, 'hello'))).toBe('409 upload_closed');
    expect(await objectOf(givenUp.id)).toEqual([]);
  });

  test('leaves nothing of bytes that came while its upload was given up', async () => {
    const { id, url } = await begin('hello');
    checks = [
      () => {},
      () => {
        throw new HoldfastError('upload_closed', 'Given up meanwhile.');
      },
    ];
    expect(codeOf(await put(url, 'hello'))).toBe('409 upload_closed');
    expect(await objectOf(id)).toEqual([]);
  });

  test('keeps bytes that came while its upload was being confirmed', async () => {
    const { id, url } = await begin('hello');
    checks = [
      () => {},
      () => {
        throw new HoldfastError('upload_busy', 'Being confirmed.');
      },
    ];
    expect(codeOf(await put(url, 'hello'))).toBe(200);
    expect(await objectOf(id)).toEqual(['hello']);
  });

  test.each<[string, string | Readable, Record<string, string>, string]>([
    ['too few bytes', 'hell', { 'content-type': 'text/plain' }, '400 size_mismatch'],
    ['too many bytes', 'hello!', { 'content-type': 'text/plain' }, '400 size_mismatch'],
    [
      'bytes of unknown number',
      Readable.from(['hello'], { objectMode: false }),
      { 'content-type': 'text/plain' },
      '400 size_mismatch',
    ],
    ['another type', 'hello', { 'content-type': 'text/html' }, '400 invalid_request'],
    ['no type', 'hello', {}, '400 invalid_request'],
  ])('refuses %s', async (_, body, headers, code) => {
    const { id, url } = await begin('hello');
    expect(codeOf(await put(url, body, headers))).toBe(code);
    expect(await objectOf(id)).toEqual([]);
    expect(codeOf(await put(url, 'hello', { 'content-type': 'Text/Plain' }))).toBe(200);
  });

  test('of which the body was cut off can be used again', async () => {
    const bytes = Buffer.alloc(1_000_000, 'abc');
    const { id, url } = await begin(bytes);
    const { pathname } = new URL(url);
    const head = `PUT ${pathname} HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 1000000\r\n\r\n`;
    await sendRaw(server.url, [head, bytes.subarray(0, 500_000)], { cutWhen: () => {} });
    await until('what came of it to be gone', async () => (await server.traces()).temporary === 0);
    expect(await objectOf(id)).toEqual([]);
    expect(codeOf(await put(url, bytes))).toBe(200);
  });

  test.each(['forged', '', 'x.y', 'a'.repeat(3000)])('that was not signed is refused (%s)', async (token) => {
    const answer = await put(`${server.url}/signed/${token}`, 'hello');
    expect(token === '' ? [403, 404] : [403]).toContain(answer.status);
  });

  test('is no URL for reading, nor the other way round', async () => {
    const { url } = await begin('hello');
    expect(codeOf(await server.call('GET', url))).toBe('403 signature_invalid');
    const read = await server.objects.signGet('in/a', {
      contentType: 'text/plain',
      contentDisposition: 'inline',
      expiresAt: new Date(Date.now() + 60_000),
    });
    expect(codeOf(await put(read, 'hello'))).toBe('403 signature_invalid');
  });

  test('answers what is refused before a large body has come', async () => {
    const answer = await put(`${server.url}/signed/forged`, Buffer.alloc(20_000_000));
    expect([codeOf(answer), answer.headers.connection]).toEqual(['403 signature_invalid', 'close']);
  });
});
