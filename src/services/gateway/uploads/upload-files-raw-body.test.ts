import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { sendRaw } from '../../../../test/harness/http.ts';
import { until } from '../../../../test/harness/until.ts';
import { bytesOf, chunked, KIB, MIB, NO_TRACES, sha256, Uploading } from './testing/uploading.ts';

describe('a file as a raw body', () => {
  const up = new Uploading({
    maxFileSize: 4 * MIB,
    allowedTypes: ['text/*', 'application/json', 'application/octet-stream'],
  });

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
      const answer = await up.send(body);
      expect(answer.status, answer.bytes.toString()).toBe(202);
      const [taken] = answer.body.files;
      expect(taken).toMatchObject({ name: 'a.bin', size, sha256: sha256(bytes), status: 'uploaded' });
      expect(answer.body.errors).toEqual([]);
      expect((await up.contentOf(taken.id)).equals(bytes)).toBe(true);
    }
    expect(await up.traces()).toEqual({ ...NO_TRACES, files: ['a.bin uploaded', 'a.bin uploaded'] });
  });

  test('needs no Content-Type, and may look like anything', async () => {
    const [taken] = (await up.send('{"a":', 'name=a.json', { 'content-type': 'application/json' })).body.files;
    expect((await up.contentOf(taken.id)).toString()).toBe('{"a":');
    expect((await up.send('x', 'name=a.txt')).status).toBe(202);
  });

  test('has the settings of its query', async () => {
    const query = new URLSearchParams({
      name: 'Grüße.txt',
      folder: 'a/b',
      metadata: '{"k":"v"}',
      visibility: 'public',
      expiresAt: '2099-01-01T00:00:00+01:00',
    });
    const { body } = await up.send('x', query.toString());
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
    ['metadata that names a prototype', 'name=a&metadata={"__proto__":"x"}', 'invalid_request'],
  ])('with %s is refused, and leaves nothing', async (_, query, code) => {
    for (const body of ['x', bytesOf(MIB)]) {
      const answer = await up.send(body, query);
      expect([answer.status, answer.body.code]).toEqual([400, code]);
    }
    expect(await up.everything()).toEqual(up.before);
  });

  test.each([10, 100 * KIB])('of %i bytes must have the hash that was declared', async (size) => {
    const bytes = bytesOf(size);
    const digest = (bytes: Buffer) => `sha-256=:${Buffer.from(sha256(bytes), 'hex').toString('base64')}:`;
    for (const body of [bytes, chunked(bytes)]) {
      const wrong = await up.send(body, 'name=a', { 'content-digest': digest(bytesOf(size, 2)) });
      expect([wrong.status, wrong.body.code]).toEqual([400, 'checksum_mismatch']);
    }
    expect(await up.everything()).toEqual(up.before);
    expect((await up.send(bytes, 'name=a', { 'content-digest': digest(bytes) })).status).toBe(202);
  });

  test('that is compressed for the way is refused: it would be kept so', async () => {
    const answer = await up.send('x', 'name=a.txt', { 'content-encoding': 'gzip' });
    expect([answer.status, answer.body.code]).toEqual([415, 'unsupported_media_type']);
    expect((await up.send('x', 'name=a.txt', { 'content-encoding': 'identity' })).status).toBe(202);
  });

  test('of a type that is not allowed is refused by its bytes', async () => {
    const png = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'), bytesOf(MIB)]);
    for (const body of [png.subarray(0, 100), png]) {
      const answer = await up.send(body, 'name=a.txt', { 'content-type': 'text/plain' });
      expect([answer.status, answer.body.code]).toEqual([422, 'type_not_allowed']);
    }
    expect(await up.everything()).toEqual(up.before);
  });

  test.each([
    ['declared', () => bytesOf(40 * MIB)],
    ['not declared', () => chunked(bytesOf(40 * MIB))],
  ])('that is too large is stopped, its length %s, and the answer can be read', async (_, body) => {
    const answer = await up.send(body());
    expect([answer.status, answer.body.code, answer.headers.connection]).toEqual([413, 'too_large', 'close']);
    expect(await up.everything()).toEqual(up.before);
  });

  test('that says that it is too large is refused before it has come', async () => {
    const head = ['Host: h', `Authorization: Bearer ${up.owner}`, `Content-Length: ${4 * MIB + 1}`].join('\r\n');
    const answer = await sendRaw(up.server.url, [`POST /api/files?name=a HTTP/1.1\r\n${head}\r\n\r\n`]);
    expect(answer).toMatch(/^HTTP\/1\.1 413 .*"code":"too_large"/s);
    expect(await up.everything()).toEqual(up.before);
  });

  test('of nobody is refused before it has come, and the answer can be read', async () => {
    const answer = await up.server.call('POST', '/api/files?name=a', {
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
    const head = `POST /api/files?name=a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${up.owner}\r\nContent-Length: ${length}\r\n\r\n`;
    let begun = sent < 64 * KIB;
    await sendRaw(up.server.url, [head, bytesOf(sent)], {
      cutWhen: async () => {
        if (begun) return;
        await until('the upload to have begun', async () => (await up.everything()).files.length === 1);
        begun = true;
      },
    });
    expect(begun).toBe(true);
    await up.gone();
  });

  test('that ends too early hears of it', async () => {
    const { hostname, port } = new URL(up.server.url);
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    socket.end(
      `POST /api/files?name=a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${up.owner}\r\nContent-Length: 9\r\n\r\nhello`,
    );
    expect((await buffer(socket)).toString()).toMatch(/^HTTP\/1\.1 400 .*"code":"incomplete_body"/s);
    await up.gone();
  });
});
