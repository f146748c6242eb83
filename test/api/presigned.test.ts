import { beforeAll, describe, expect, test } from 'vitest';
import type { Api } from '../harness/client.ts';
import { fixture, sha256 } from '../harness/fixtures.ts';
import { expectProblem, expectUrlRefused } from '../harness/problems.ts';
import { useSharedStack } from '../harness/stack.ts';
import { stackKind } from '../harness/stack-kind.ts';

const stack = useSharedStack();
let user: Api;
beforeAll(async () => {
  user = await stack.api.signUp();
});

/** Without anything to say it needs no body. */
const confirm = (id: string, json?: unknown) =>
  user.call('POST', `/api/uploads/${id}/confirm`, json === undefined ? {} : { json });
const begin = (name: string, content: Uint8Array | string, more: Record<string, unknown> = {}) =>
  user.begin({ name, size: Buffer.byteLength(content), contentType: 'text/plain', ...more });

describe('an upload by one signed request', () => {
  test('is pending, then sent without a token, then confirmed', async () => {
    const bytes = await fixture('camera.jpg');
    const { file, upload } = await begin('camera.jpg', bytes, { contentType: 'image/jpeg', sha256: sha256(bytes) });
    expect(file).toMatchObject({ status: 'pending', size: bytes.length });
    expect(upload.method).toBe('PUT');
    expect(Date.parse(upload.expiresAt)).toBeGreaterThan(Date.now());
    expectProblem(await user.call('GET', `/api/files/${file.id}/content`), 409, 'upload_not_complete');

    const sent = await user.put(upload.url, bytes, upload.headers);
    expect(sent.status).toBe(200);
    const state = await user.expect(200, 'GET', `/api/uploads/${file.id}`);
    expect(state.body.file.status).toBe('pending');

    const confirmed = await confirm(file.id);
    expect(confirmed.status).toBe(202);
    expect(confirmed.body.file).toMatchObject({ id: file.id, status: 'uploaded' });
    expect(sha256(await user.content(file.id))).toBe(sha256(bytes));
    expect((await user.processed(file.id)).processing).toMatchObject({ state: 'done', failed: 0 });
  });

  test('may be confirmed twice, also at once', async () => {
    const { file, upload } = await begin('twice.txt', 'twice');
    await user.put(upload.url, 'twice', upload.headers);
    const answers = await Promise.all([confirm(file.id), confirm(file.id), confirm(file.id)]);
    for (const { status, body } of answers) {
      expect(status === 202 || body.code === 'upload_busy', JSON.stringify(body)).toBe(true);
    }
    expect((await confirm(file.id)).status).toBe(202);
    expect((await user.list({ q: 'twice.txt' })).items).toHaveLength(1);
  });

  test('is not confirmed before its bytes are there', async () => {
    const { file } = await begin('early.txt', 'early');
    expectProblem(await confirm(file.id), 409, 'upload_not_complete');
    expect((await user.file(file.id)).status).toBe('pending');
  });

  test('takes no other length than the one declared', async () => {
    const { file, upload } = await begin('length.txt', 'exact');
    for (const wrong of ['shrt', 'longer']) {
      expectUrlRefused(await user.put(upload.url, wrong, upload.headers), 400, 'size_mismatch');
    }
    expect((await user.put(upload.url, 'exact', upload.headers)).status).toBe(200);
    expect((await confirm(file.id)).status).toBe(202);
  });

  test('whose hash is not the one declared is refused, and its bytes are gone', async () => {
    const { file, upload } = await begin('hash.txt', 'right', { sha256: sha256(Buffer.from('right')) });
    await user.put(upload.url, 'wrong', upload.headers);
    expectProblem(await confirm(file.id), 400, 'checksum_mismatch');
    expectProblem(await user.call('GET', `/api/files/${file.id}/content`), 409, 'upload_not_complete');
  });

  test('cannot be sent again once it is confirmed', async () => {
    const { file, upload } = await begin('again.txt', 'first');
    await user.put(upload.url, 'first', upload.headers);
    await confirm(file.id);
    const again = await user.put(upload.url, 'other', upload.headers);
    // S3 knows nothing of it: what comes then is an object that nothing refers to.
    if (stackKind().objects === 'disk') expectProblem(again, 409, 'upload_closed');
    expect((await user.content(file.id)).toString()).toBe('first');
  });

  test('takes no URL that was changed', async () => {
    const { upload } = await begin('forged.txt', 'forged');
    const forged = upload.url.replace(/.(?=.{8}$)/, (c) => (c === 'A' ? 'B' : 'A'));
    expectUrlRefused(await user.put(forged, 'forged', upload.headers), 403, 'signature_invalid');
  });

  test('can be given up: then it is gone', async () => {
    const { file, upload } = await begin('given-up.txt', 'never');
    await user.put(upload.url, 'never', upload.headers);
    expect((await user.call('DELETE', `/api/uploads/${file.id}`)).status).toBe(204);
    expectProblem(await user.call('GET', `/api/files/${file.id}`), 404, 'not_found');
    expect((await confirm(file.id)).status).toBeGreaterThanOrEqual(404);
    const late = await user.put(upload.url, 'never', upload.headers);
    if (stackKind().objects === 'disk') expect(late.status).toBeGreaterThanOrEqual(400);
    expectProblem(await user.call('GET', `/api/files/${file.id}`), 404, 'not_found');
  });

  test('is confirmed by its confirmUrl without a token, and nothing else is', async () => {
    const one = await begin('one.txt', 'one');
    const two = await begin('two.txt', 'two');
    await user.put(one.upload.url, 'one', one.upload.headers);
    await user.put(two.upload.url, 'two', two.upload.headers);
    const nobody = stack.api;
    const stolen = one.confirmUrl.replace(one.file.id, two.file.id);
    expect((await nobody.call('POST', stolen, { json: {} })).status).toBe(403);
    expect((await nobody.call('POST', `/api/uploads/${one.file.id}/confirm`, { json: {} })).status).toBe(401);
    expect((await nobody.call('POST', one.confirmUrl, { json: {} })).status).toBe(202);
    expect((await user.file(one.file.id)).status).toBe('uploaded');
    expect((await user.file(two.file.id)).status).toBe('pending');
  });

  test.each([
    ['no name', { size: 1 }],
    ['a size that is none', { name: 'a', size: -1 }],
    ['half a byte', { name: 'a', size: 1.5 }],
    ['a size beyond all files', { name: 'a', size: 2 ** 53 }],
    ['a hash that is none', { name: 'a', size: 1, sha256: 'abc' }],
    ['a time that has passed', { name: 'a', size: 1, expiresAt: '2020-01-01T00:00:00.000Z' }],
  ])('with %s is refused', async (_, json) => {
    const answer = await user.call('POST', '/api/uploads', { json: { contentType: 'text/plain', ...json } });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });

  test('says which field is wrong by its name in the API', async () => {
    const past = { name: 'a', size: 1, expiresAt: '2020-01-01T00:00:00.000Z' };
    for (const [json, path] of [
      [past, 'expiresAt'],
      [{ name: 'a/b', size: 1 }, 'name'],
    ] as const) {
      const { body } = await user.call('POST', '/api/uploads', { json });
      expect(body.fields).toMatchObject([{ path }]);
    }
  });
});
