import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FormPart, formBody } from '../../../../test/harness/client.ts';
import { sendRaw } from '../../../../test/harness/http.ts';
import { until } from '../../../../test/harness/until.ts';
import { HoldfastError } from '../../../base/errors.ts';
import type { GatewayDeps } from '../deps.ts';
import { startTestGateway, type TestGateway } from './testing.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const NOTHING = { files: [], held: 0, objects: 0, temporary: 0 };

const bytesOf = (size: number, seed = 1) => Buffer.alloc(size, createHash('sha256').update(`${seed}`).digest());
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
/** A body without Content-Length. */
const chunked = (bytes: Buffer) => Readable.from([bytes.subarray(0, 10), bytes.subarray(10)], { objectMode: false });
const file = (filename: string | undefined, content: string | Uint8Array, type = 'text/plain'): FormPart => ({
  field: 'file',
  ...(filename !== undefined && { filename }),
  type,
  content,
});
const field = (field: string, content: string): FormPart => ({ field, content });

let server: TestGateway;
/** An owner of their own for each test, so that nothing of another is seen. */
let owner: string;
let owners = 0;

const as = () => ({ authorization: `Bearer ${owner}` });
const sendForm = (parts: readonly FormPart[]) => {
  const { body, type } = formBody(parts);
  return server.call('POST', '/api/files', { body, headers: { ...as(), 'content-type': type } });
};
const send = (body: Buffer | Readable | string, query = 'name=a.bin', headers: Record<string, string> = {}) =>
  server.call('POST', `/api/files?${query}`, { body, headers: { ...as(), ...headers } });
const rowOf = (id: string) =>
  server.db.reader.selectFrom('files').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const contentOf = async (id: string) =>
  buffer((await server.objects.get((await rowOf(id)).object_key as string)).stream);
const traces = async () => {
  const { objects: _, ...rest } = await server.traces(owner);
  return rest;
};
const { objects: _, ...NO_TRACES } = NOTHING;
const gone = () =>
  until('all of it to be gone', async () => JSON.stringify(await server.traces(owner)) === JSON.stringify(before));
let before: Awaited<ReturnType<TestGateway['traces']>>;

beforeEach(async () => {
  owner = `owner-${++owners}`;
  before = server && (await server.traces(owner));
});

describe('files over HTTP', () => {
  beforeAll(async () => {
    server = await startTestGateway({
      maxFileSize: 4 * MIB,
      allowedTypes: ['text/*', 'application/json', 'application/octet-stream'],
    });
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    before = await server.traces(owner);
  });

  describe('as a raw body', () => {
    test.each([
      ['empty', 0],
      ['small', 10 * KIB],
      ['as long as can be handed over at once', 64 * KIB],
      ['a byte longer than that', 64 * KIB + 1],
      ['large', 3 * MIB + 17],
      ['as large as can be', 4 * MIB],
    ])('that is %s is stored as it was sent, its length declared or not', async (_, size) => {
      const bytes = bytesOf(size);
      for (const body of [bytes, chunked(bytes)]) {
        const answer = await send(body);
        expect(answer.status, answer.bytes.toString()).toBe(202);
        const [taken] = answer.body.files;
        expect(taken).toMatchObject({ name: 'a.bin', size, sha256: sha256(bytes), status: 'uploaded' });
        expect(answer.body.errors).toEqual([]);
        expect((await contentOf(taken.id)).equals(bytes)).toBe(true);
      }
      expect(await traces()).toEqual({ ...NO_TRACES, files: ['a.bin uploaded', 'a.bin uploaded'] });
    });

    test('needs no Content-Type, and may look like anything', async () => {
      const [taken] = (await send('{"a":', 'name=a.json', { 'content-type': 'application/json' })).body.files;
      expect((await contentOf(taken.id)).toString()).toBe('{"a":');
      expect((await send('x', 'name=a.txt')).status).toBe(202);
    });

    test('has the settings of its query', async () => {
      const query = new URLSearchParams({
        name: 'Grüße.txt',
        folder: 'a/b',
        metadata: '{"k":"v"}',
        visibility: 'public',
        expiresAt: '2099-01-01T00:00:00+01:00',
      });
      const { body } = await send('x', query.toString());
      expect(body.files[0]).toMatchObject({
        name: 'Grüße.txt',
        folder: 'a/b',
        metadata: { k: 'v' },
        visibility: 'public',
        expiresAt: '2098-12-31T23:00:00.000Z',
      });
    });

    test.each([
      ['no name', '', 'invalid_request'],
      ['an unknown parameter', 'name=a&what=1', 'invalid_request'],
      ['a parameter twice', 'name=a&folder=a&folder=b', 'invalid_request'],
      ['a name with a slash', 'name=a%2Fb', 'invalid_name'],
      ['a name with NUL', 'name=a%00b', 'invalid_name'],
      ['a time that is none', 'name=a&expiresAt=2099-02-31', 'invalid_request'],
      ['a hash that is none', 'name=a&sha256=abc', 'invalid_request'],
    ])('with %s is refused, and leaves nothing', async (_, query, code) => {
      for (const body of ['x', bytesOf(MIB)]) {
        const answer = await send(body, query);
        expect([answer.status, answer.body.code]).toEqual([400, code]);
      }
      expect(await server.traces(owner)).toEqual(before);
    });

    test.each([10, 100 * KIB])('of %i bytes must have the hash that was declared', async (size) => {
      const bytes = bytesOf(size);
      const digest = (bytes: Buffer) => `sha-256=:${Buffer.from(sha256(bytes), 'hex').toString('base64')}:`;
      for (const body of [bytes, chunked(bytes)]) {
        const wrong = await send(body, 'name=a', { 'content-digest': digest(bytesOf(size, 2)) });
        expect([wrong.status, wrong.body.code]).toEqual([400, 'checksum_mismatch']);
      }
      expect(await server.traces(owner)).toEqual(before);
      expect((await send(bytes, 'name=a', { 'content-digest': digest(bytes) })).status).toBe(202);
    });

    test('that is compressed for the way is refused: it would be kept so', async () => {
      const answer = await send('x', 'name=a.txt', { 'content-encoding': 'gzip' });
      expect([answer.status, answer.body.code]).toEqual([415, 'unsupported_media_type']);
      expect((await send('x', 'name=a.txt', { 'content-encoding': 'identity' })).status).toBe(202);
    });

    test('of a type that is not allowed is refused by its bytes', async () => {
      const png = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'), bytesOf(MIB)]);
      for (const body of [png.subarray(0, 100), png]) {
        const answer = await send(body, 'name=a.txt', { 'content-type': 'text/plain' });
        expect([answer.status, answer.body.code]).toEqual([422, 'type_not_allowed']);
      }
      expect(await server.traces(owner)).toEqual(before);
    });

    test.each([
      ['declared', () => bytesOf(40 * MIB)],
      ['not declared', () => chunked(bytesOf(40 * MIB))],
    ])('that is too large is stopped, its length %s, and the answer can be read', async (_, body) => {
      const answer = await send(body());
      expect([answer.status, answer.body.code, answer.headers.connection]).toEqual([413, 'too_large', 'close']);
      expect(await server.traces(owner)).toEqual(before);
    });

    test('of nobody is refused before it has come, and the answer can be read', async () => {
      const answer = await server.call('POST', '/api/files?name=a', {
        body: bytesOf(20 * MIB),
        headers: { authorization: '' },
      });
      expect([answer.status, answer.headers.connection]).toEqual([401, 'close']);
    });

    test.each([
      ['small', 1000, 500],
      ['large', 3 * MIB, MIB],
      ['before its first byte', 1000, 0],
    ])('that is cut off leaves nothing (%s)', async (_, length, sent) => {
      const head = `POST /api/files?name=a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${owner}\r\nContent-Length: ${length}\r\n\r\n`;
      let begun = sent < 64 * KIB;
      await sendRaw(server.url, [head, bytesOf(sent)], {
        cutWhen: async () => {
          if (begun) return;
          await until('the upload to have begun', async () => (await server.traces(owner)).files.length === 1);
          begun = true;
        },
      });
      expect(begun).toBe(true);
      await gone();
    });

    test('that ends too early hears of it', async () => {
      const { hostname, port } = new URL(server.url);
      const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
      socket.end(
        `POST /api/files?name=a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${owner}\r\nContent-Length: 9\r\n\r\nhello`,
      );
      expect((await buffer(socket)).toString()).toMatch(/^HTTP\/1\.1 400 .*"code":"incomplete_body"/s);
      await gone();
    });
  });

  describe('as a form', () => {
    test('become one file each, in their order, small and large', async () => {
      const contents = [bytesOf(2 * MIB, 1), bytesOf(10, 2), bytesOf(0, 3), bytesOf(70 * KIB, 4), bytesOf(KIB, 5)];
      const { status, body } = await sendForm(contents.map((content, i) => file(`${i}.bin`, content)));
      expect([status, body.errors]).toEqual([202, []]);
      expect(body.files.map(({ name, size }: { name: string; size: number }) => [name, size])).toEqual(
        contents.map((content, i) => [`${i}.bin`, content.length]),
      );
      for (const [i, content] of contents.entries()) {
        expect((await contentOf(body.files[i].id)).equals(content)).toBe(true);
      }
      expect((await traces()).held).toBe(0);
    });

    test('take a hundred small files at once', async () => {
      const parts = Array.from({ length: 100 }, (_, i) => file(`${i}.txt`, `content ${i}`));
      const { status, body } = await sendForm(parts);
      expect(status).toBe(202);
      expect(body.files.map(({ name }: { name: string }) => name)).toEqual(parts.map(({ filename }) => filename));
    });

    test('have the fields that stand before them', async () => {
      const { body } = await sendForm([
        field('folder', 'one'),
        field('metadata', '{"a":"1"}'),
        file('a', 'a'),
        field('folder', 'two'),
        file('b', 'b'),
        file('c', 'c'),
      ]);
      expect(body.files.map((one: { folder: string; metadata: unknown }) => [one.folder, one.metadata])).toEqual([
        ['one', { a: '1' }],
        ['two', { a: '1' }],
        ['two', { a: '1' }],
      ]);
    });

    test('fail one by one', async () => {
      const { status, body } = await sendForm([
        file('good.txt', 'good'),
        file('bad/name.txt', bytesOf(MIB)),
        file('large.txt', bytesOf(6 * MIB)),
        file(undefined, 'nameless'),
        file('', 'nameless'),
        file('png.txt', Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1')),
        file('last.txt', bytesOf(MIB)),
      ]);
      expect(status).toBe(202);
      expect(body.files.map(({ name }: { name: string }) => name)).toEqual(['good.txt', 'last.txt']);
      expect(body.errors.map(({ part, code }: { part: number; code: string }) => [part, code])).toEqual([
        [1, 'invalid_name'],
        [2, 'too_large'],
        [3, 'invalid_name'],
        [4, 'invalid_name'],
        [5, 'type_not_allowed'],
      ]);
      expect(await traces()).toEqual({ ...NO_TRACES, files: ['good.txt uploaded', 'last.txt uploaded'] });
    });

    test('that all fail are the problem of the first', async () => {
      const answer = await sendForm([file('a/b', 'x'), file('large', bytesOf(5 * MIB))]);
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_name']);
      expect(answer.headers['content-type']).toMatch('application/problem+json');
      expect(await server.traces(owner)).toEqual(before);
    });

    const many = (count: number, part: (i: number) => FormPart) => Array.from({ length: count }, (_, i) => part(i));
    test.each<[string, FormPart[]]>([
      ['no part', []],
      ['no file', [field('folder', 'a')]],
      ['an unknown field', [file('a', 'a'), field('colour', 'red')]],
      ['a file in a field of another name', [file('a', 'a'), { field: 'photo', filename: 'b', content: 'b' }]],
      ['a file where a field belongs', [{ field: 'folder', filename: 'b', content: 'b' }, file('a', 'a')]],
      ['a field after the last file', [file('a', 'a'), field('folder', 'late')]],
      ['a field that is too large', [field('metadata', 'x'.repeat(40_000)), file('a', 'a')]],
      ['metadata that is a list', [field('metadata', '["a"]'), file('a', 'a')]],
      ['10,000 fields', [...many(10_000, (i) => field(`f${i}`, 'x')), file('a', 'a')]],
      ['10,000 times the same field', [...many(10_000, () => field('folder', 'x')), file('a', 'a')]],
      ['101 files', many(101, (i) => file(`${i}`, 'x'))],
    ])('with %s are refused together, and leave nothing', async (_, parts) => {
      const answer = await sendForm(parts);
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
      expect(await server.traces(owner)).toEqual(before);
    });

    test.each([
      ['before its closing boundary', (body: Buffer) => body.subarray(0, -6), 'incomplete_body'],
      ['after its first part', (body: Buffer) => body.subarray(0, 100), 'incomplete_body'],
      [
        'of which the boundary is another',
        (body: Buffer) => Buffer.from(body.toString().replaceAll('--', '++')),
        'invalid_request',
      ],
    ])('whose body ends %s are refused', async (_, change, code) => {
      const { body, type } = formBody([file('a.txt', 'one'), file('b.txt', 'two')]);
      const answer = await server.call('POST', '/api/files', {
        body: change(body),
        headers: { ...as(), 'content-type': type },
      });
      expect([answer.status, answer.body.code]).toEqual([400, code]);
      expect(await server.traces(owner)).toEqual(before);
    });

    test('cut off in a later file leave nothing of the earlier ones', async () => {
      const { body, type } = formBody([file('a.txt', 'one'), file('b.bin', bytesOf(MIB)), file('c.bin', bytesOf(MIB))]);
      const head =
        `POST /api/files HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${owner}\r\n` +
        `Content-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`;
      await sendRaw(server.url, [head, body.subarray(0, -MIB / 2)], {
        cutWhen: () =>
          until('three uploads to have begun', async () => (await server.traces(owner)).files.length === 3),
      });
      await gone();
    });
  });
});

describe('a quota', () => {
  beforeAll(async () => {
    server = await startTestGateway({ userQuota: 3 * MIB });
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    before = await server.traces(owner);
  });

  test('is kept also where the length is unknown', async () => {
    const answer = await send(chunked(bytesOf(3 * MIB + 1)));
    expect([answer.status, answer.body.code]).toEqual([413, 'quota_exceeded']);
    expect(await server.traces(owner)).toEqual(before);
    expect((await send(chunked(bytesOf(3 * MIB)))).status).toBe(202);
    expect((await send('x')).body.code).toBe('quota_exceeded');
  });

  test('lets in of a form what fits', async () => {
    const { body } = await sendForm([
      file('a', bytesOf(2 * MIB)),
      file('b', bytesOf(2 * MIB)),
      file('c', bytesOf(MIB / 2)),
    ]);
    expect(body.files.map(({ name }: { name: string }) => name)).toEqual(['a', 'c']);
    expect(body.errors).toMatchObject([{ part: 1, code: 'quota_exceeded' }]);
    expect((await traces()).held).toBe(0);
  });
});

describe('a failure on our side', () => {
  let fail: Partial<Record<'put' | 'finish', unknown>> = {};
  const failing = ({ uploads, objects }: Pick<GatewayDeps, 'uploads' | 'objects'>): Partial<GatewayDeps> => ({
    objects: { ...objects, put: async (...args) => (fail.put ? Promise.reject(fail.put) : objects.put(...args)) },
    uploads: {
      ...uploads,
      finishUpload: async (...args) => (fail.finish ? Promise.reject(fail.finish) : uploads.finishUpload(...args)),
    },
  });
  beforeAll(async () => {
    server = await startTestGateway({}, failing);
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    fail = {};
    before = await server.traces(owner);
  });

  test.each([10, 2 * MIB])('such as a full disk is told, and leaves nothing (%i bytes)', async (size) => {
    fail = { put: Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }) };
    const answer = await send(bytesOf(size));
    expect([answer.status, answer.body.code]).toEqual([507, 'storage_full']);
    expect(answer.bytes.toString()).not.toMatch(/ENOSPC|device/);
    expect(await server.traces(owner)).toEqual(before);
    fail = {};
    expect((await send(bytesOf(size))).status).toBe(202);
  });

  test('at confirming gives the upload up', async () => {
    fail = { finish: new HoldfastError('unavailable', 'Not now.') };
    const answer = await send('x');
    expect([answer.status, answer.body.code]).toEqual([503, 'unavailable']);
    expect(await traces()).toEqual(NO_TRACES);
  });
});
