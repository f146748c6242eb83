import { beforeAll, describe, expect, test } from 'vitest';
import { type Api, type FormPart, formBody } from '../harness/client.ts';
import { sha256 } from '../harness/fixtures.ts';
import { type Answer, sendRaw } from '../harness/http.ts';
import { query, quotaOf, storedFiles } from '../harness/inspect.ts';
import { nothingLost as nothingLostOf, refusedWith, type Witness, witnessOn } from '../harness/nothing-lost.ts';
import { expectProblem } from '../harness/problems.ts';
import { useSharedStack } from '../harness/stack.ts';
import { stackKind } from '../harness/stack-kind.ts';
import { until } from '../harness/until.ts';

const stack = useSharedStack();
let witness: Witness;
let user: Api;
beforeAll(async () => {
  witness = await witnessOn(stack);
  ({ user } = witness);
});

const nothingLost = (fail: () => Promise<unknown>) => nothingLostOf(witness, fail);
const refused = (status: number, code: string, send: () => Promise<Answer>) => refusedWith(witness, status, code, send);

async function removeForGood(id: string): Promise<void> {
  await user.expect(204, 'DELETE', `/api/files/${id}?permanent=true`);
  await until('it to be purged', async () => (await query(stack, 'SELECT 1 FROM files WHERE id = ?', id)).length === 0);
}

const head = (path: string, headers: Record<string, string>) =>
  [
    `POST ${path} HTTP/1.1`,
    'Host: holdfast',
    `Authorization: Bearer ${user.token}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '\r\n',
  ].join('\r\n');

const file = (filename: string, content: string | Uint8Array = 'x', type = 'text/plain'): FormPart => ({
  field: 'file',
  filename,
  type,
  content,
});

describe('a body that is cut off in the middle', () => {
  const half = Buffer.alloc(500_000, 'x');
  const begun = () => until('the upload to be begun', async () => (await quotaOf(stack, witness.id)).held > 0);
  const cut = (request: (string | Uint8Array)[]) =>
    nothingLost(() => sendRaw(stack.api.url(), request, { cutWhen: begun }));

  test('leaves nothing of a raw body', async () => {
    await cut([head('/api/files?name=cut.txt', { 'Content-Type': 'text/plain', 'Content-Length': '1000000' }), half]);
  });

  test('leaves nothing of a chunked one', async () => {
    const headers = { 'Content-Type': 'text/plain', 'Transfer-Encoding': 'chunked' };
    await cut([head('/api/files?name=cut.txt', headers), `${half.length.toString(16)}\r\n`, half, '\r\n']);
  });

  test('leaves nothing of a form', async () => {
    const { body, type } = formBody([file('cut.txt', Buffer.alloc(1_000_000, 'x'))]);
    const headers = { 'Content-Type': type, 'Content-Length': String(body.length) };
    await cut([head('/api/files', headers), body.subarray(0, 500_000)]);
  });

  test('that ends as if it were whole, without the end of the form, is refused', async () => {
    const { body, type } = formBody([file('cut.txt', Buffer.alloc(10_000, 'x'))]);
    await nothingLost(async () => {
      const { status, body: problem } = await user.call('POST', '/api/files', {
        body: body.subarray(0, 9_000),
        headers: { 'content-type': type },
      });
      expect(status, JSON.stringify(problem)).toBe(400);
      expect(['incomplete_body', 'invalid_request']).toContain(problem.code);
    });
  });

  test('leaves a signed upload open, to be sent again', async () => {
    const whole = Buffer.alloc(4 * 1024 ** 2, 'x');
    const { file, upload } = await user.begin({ name: 'again.txt', size: whole.length, contentType: 'text/plain' });
    const before = await storedFiles(stack);
    const { origin, host, pathname, search } = new URL(upload.url);
    const headers = Object.entries({ Host: host, ...upload.headers, 'Content-Length': whole.length });
    const lines = headers.map(([header, value]) => `${header}: ${value}\r\n`).join('');
    await sendRaw(origin, [`PUT ${pathname}${search} HTTP/1.1\r\n${lines}\r\n`, whole.subarray(0, -1)], {
      // S3 shows nothing of what has come so far.
      cutWhen: () =>
        stackKind().objects === 's3' ||
        until('bytes to arrive', async () => (await storedFiles(stack)).length > before.length),
    });
    await until('the bytes to be gone', async () => (await storedFiles(stack)).length === before.length);
    const confirm = () => user.call('POST', `/api/uploads/${file.id}/confirm`, { json: {} });
    expectProblem(await confirm(), 409, 'upload_not_complete');
    expect((await user.put(upload.url, whole, upload.headers)).status).toBe(200);
    expect((await confirm()).status).toBe(202);
    await removeForGood(file.id);
  });
});

describe('a declaration that is not kept', () => {
  test('of the hash', () =>
    refused(400, 'checksum_mismatch', () =>
      user.sendRaw('other bytes', {
        name: 'a.txt',
        type: 'text/plain',
        query: { sha256: sha256(Buffer.from('these')) },
      }),
    ));

  test('of the length, more than one way', async () => {
    await nothingLost(async () => {
      const both = head('/api/files?name=a.txt', {
        'Content-Type': 'text/plain',
        'Content-Length': '5',
        'Transfer-Encoding': 'chunked',
      });
      expect(await sendRaw(stack.api.url(), [both, '5\r\nhello\r\n0\r\n\r\n'])).toMatch(/^HTTP\/1\.1 400 /);
      const twice = head('/api/files?name=a.txt', { 'Content-Type': 'text/plain', 'Content-Length': '5, 6' });
      expect(await sendRaw(stack.api.url(), [twice, 'hello!'])).toMatch(/^HTTP\/1\.1 400 /);
      const negative = head('/api/files?name=a.txt', { 'Content-Type': 'text/plain', 'Content-Length': '-5' });
      expect(await sendRaw(stack.api.url(), [negative, 'hello'])).toMatch(/^HTTP\/1\.1 400 /);
    });
  });
});

describe('a text with NUL, which no database takes', () => {
  test.each(['/api/files?type=%00', '/api/files?metadata.a=%00', '/api/files?metadata.%00=a'])(
    'as a filter: %s',
    async (path) => {
      expectProblem(await user.call('GET', path), 400, 'invalid_request');
    },
  );

  test('as the type of a variant', async () => {
    await user.expect(200, 'PATCH', `/api/files/${witness.kept}`, { json: { visibility: 'public' } });
    for (const path of [`/api/files/${witness.kept}/content?variant=a%00`, `/public/${witness.kept}/a%00`]) {
      expectProblem(await user.call('GET', path), 404, 'not_found');
    }
    const signed = await user.call('POST', `/api/files/${witness.kept}/url`, { json: { variant: 'a\0' } });
    expectProblem(signed, 404, 'not_found');
  });

  test('as the type of an upload', () =>
    refused(400, 'invalid_request', () =>
      user.call('POST', '/api/uploads', { json: { name: 'a.txt', size: 1, contentType: 'text/plain\0' } }),
    ));
});

describe('a name', () => {
  test.each([
    '…',
    '🏔️👩‍🔬.txt',
    'Ωmega',
    'نص.txt',
    'x'.repeat(255),
    '.hidden',
    'CON',
    "it's; DROP TABLE files--",
    '%2e%2e%2f',
  ])('%j is a name like any other', async (name) => {
    const raw = await user.upload('x', { name, type: 'text/plain' });
    const { body } = await user.sendForm([file(name)]);
    expect([raw.name, body.files[0].name]).toEqual([name.normalize('NFC'), name.normalize('NFC')]);
    for (const { id } of [raw, body.files[0]]) {
      expect((await user.file(id)).name).toBe(name.normalize('NFC'));
      await removeForGood(id);
    }
  });
});
