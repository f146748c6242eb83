import { describe, expect, test } from 'vitest';
import { type FormPart, formBody } from '../../../../test/harness/client.ts';
import { sendRaw } from '../../../../test/harness/http.ts';
import { until } from '../../../../test/harness/until.ts';
import { bytesOf, field, file, KIB, MIB, NO_TRACES, Uploading } from './testing/uploading.ts';

describe('files as a form', () => {
  const up = new Uploading({
    maxFileSize: 4 * MIB,
    allowedTypes: ['text/*', 'application/json', 'application/octet-stream'],
  });

  test('become one file each, in their order, small and large', async () => {
    const contents = [bytesOf(2 * MIB, 1), bytesOf(10, 2), bytesOf(0, 3), bytesOf(70 * KIB, 4), bytesOf(KIB, 5)];
    const { status, body } = await up.sendForm(contents.map((content, i) => file(`${i}.bin`, content)));
    expect([status, body.errors]).toEqual([202, []]);
    expect(body.files.map(({ name, size }: { name: string; size: number }) => [name, size])).toEqual(
      contents.map((content, i) => [`${i}.bin`, content.length]),
    );
    for (const [i, content] of contents.entries()) {
      expect((await up.contentOf(body.files[i].id)).equals(content)).toBe(true);
    }
    expect((await up.traces()).held).toBe(0);
  });

  test('take a hundred small files at once', async () => {
    const parts = Array.from({ length: 100 }, (_, i) => file(`${i}.txt`, `content ${i}`));
    const { status, body } = await up.sendForm(parts);
    expect(status).toBe(202);
    expect(body.files.map(({ name }: { name: string }) => name)).toEqual(parts.map(({ filename }) => filename));
  });

  test('have the fields that stand before them', async () => {
    const { body } = await up.sendForm([
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
    const { status, body } = await up.sendForm([
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
    expect(await up.traces()).toEqual({ ...NO_TRACES, files: ['good.txt uploaded', 'last.txt uploaded'] });
  });

  test('that all fail are the problem of the first', async () => {
    const answer = await up.sendForm([file('a/b', 'x'), file('large', bytesOf(5 * MIB))]);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_name']);
    expect(answer.headers['content-type']).toMatch('application/problem+json');
    expect(await up.everything()).toEqual(up.before);
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
    ['metadata that names a prototype', [field('metadata', '{"__proto__":"x"}'), file('a', 'a')]],
    ['10,000 fields', [...many(10_000, (i) => field(`f${i}`, 'x')), file('a', 'a')]],
    ['10,000 times the same field', [...many(10_000, () => field('folder', 'x')), file('a', 'a')]],
    ['101 files', many(101, (i) => file(`${i}`, 'x'))],
  ])('with %s are refused together, and leave nothing', async (_, parts) => {
    const answer = await up.sendForm(parts);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
    expect(await up.everything()).toEqual(up.before);
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
    const answer = await up.server.call('POST', '/api/files', {
      body: change(body),
      headers: { ...up.as, 'content-type': type },
    });
    expect([answer.status, answer.body.code]).toEqual([400, code]);
    expect(await up.everything()).toEqual(up.before);
  });

  test('cut off in a later file leave nothing of the earlier ones', async () => {
    const { body, type } = formBody([file('a.txt', 'one'), file('b.bin', bytesOf(MIB)), file('c.bin', bytesOf(MIB))]);
    const head =
      `POST /api/files HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${up.owner}\r\n` +
      `Content-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`;
    await sendRaw(up.server.url, [head, body.subarray(0, -MIB / 2)], {
      cutWhen: () => until('three uploads to have begun', async () => (await up.everything()).files.length === 3),
    });
    await up.gone();
  });
});
