import { beforeAll, describe, expect, test } from 'vitest';
import type { Api, FormPart } from '../harness/client.ts';
import { fixture, sha256 } from '../harness/fixtures.ts';
import { expectProblem } from '../harness/problems.ts';
import { useSharedStack } from '../harness/stack.ts';
import type { UploadAnswer } from '../harness/views.ts';

const stack = useSharedStack();
let user: Api;
beforeAll(async () => {
  user = await stack.api.signUp();
});

const file = (filename: string, content: string | Uint8Array, type = 'text/plain'): FormPart => ({
  field: 'file',
  filename,
  type,
  content,
});
const send = async (parts: readonly FormPart[]): Promise<UploadAnswer & { status: number }> => {
  const { status, body } = await user.sendForm(parts);
  return { status, ...body };
};

describe('a form', () => {
  test('with several files makes one file of each, as it was sent', async () => {
    const webp = await fixture('photo.webp');
    const notes = await fixture('notes.txt');
    const { status, files, errors } = await send([
      file('photo.webp', webp, 'image/webp'),
      file('Grüße 東京.txt', notes),
      file('empty.txt', ''),
    ]);
    expect({ status, errors }).toEqual({ status: 202, errors: [] });
    expect(files.map(({ name, size, contentType, status }) => ({ name, size, contentType, status }))).toEqual([
      { name: 'photo.webp', size: webp.length, contentType: 'image/webp', status: 'uploaded' },
      { name: 'Grüße 東京.txt', size: notes.length, contentType: 'text/plain', status: 'uploaded' },
      { name: 'empty.txt', size: 0, contentType: 'text/plain', status: 'uploaded' },
    ]);
    expect(files[0]?.jobs.map((job) => job.type)).toEqual(expect.arrayContaining(['thumbnail', 'webp']));
    expect(files[1]?.jobs).toEqual([]);
    for (const [i, bytes] of [webp, notes, Buffer.alloc(0)].entries()) {
      const { id } = files[i] as { id: string };
      expect(sha256(await user.content(id))).toBe(sha256(bytes));
      expect((await user.file(id)).sha256).toBe(sha256(bytes));
    }
  });

  test('gives its fields to all files after them', async () => {
    const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
    const { files } = await send([
      { field: 'folder', content: 'trips/2026' },
      { field: 'metadata', content: '{"camera":"X100","ort":"Zürich"}' },
      { field: 'visibility', content: 'public' },
      { field: 'expiresAt', content: expiresAt },
      file('a.txt', 'a'),
      file('b.txt', 'b'),
    ]);
    for (const one of files) {
      const { folder, metadata, visibility, expiresAt: until } = await user.file(one.id);
      expect({ folder, metadata, visibility }).toEqual({
        folder: 'trips/2026',
        metadata: { camera: 'X100', ort: 'Zürich' },
        visibility: 'public',
      });
      expect(Date.parse(until as string)).toBe(Date.parse(expiresAt));
    }
  });

  test('is answered at /api/upload as well', async () => {
    const { body, headers } = await user.call('POST', '/api/upload?name=here.txt', {
      body: 'here',
      headers: { 'content-type': 'text/plain' },
    });
    expect(headers['content-type']).toMatch(/json/);
    expect(body.files[0].name).toBe('here.txt');
  });

  test.each([
    ['without any part', []],
    ['without a file', [{ field: 'folder', content: 'a' }]],
    ['with a folder that leads out', [{ field: 'folder', content: '../..' }, file('a.txt', 'a')]],
    ['with metadata that is no JSON', [{ field: 'metadata', content: '{' }, file('a.txt', 'a')]],
    ['with metadata that is nested', [{ field: 'metadata', content: '{"a":{"b":"c"}}' }, file('a.txt', 'a')]],
    ['with a visibility that there is not', [{ field: 'visibility', content: 'secret' }, file('a.txt', 'a')]],
    ['with a time that is none', [{ field: 'expiresAt', content: 'tomorrow' }, file('a.txt', 'a')]],
  ])('%s is refused', async (_, parts) => {
    const answer = await user.sendForm(parts);
    expect(answer.status, answer.bytes.toString()).toBe(400);
    expectProblem(answer, 400, answer.body.code);
    expect(['invalid_request', 'invalid_name']).toContain(answer.body.code);
  });
});
