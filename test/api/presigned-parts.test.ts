import { buffer } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from 'vitest';
import { generated } from '../harness/big.ts';
import type { Api } from '../harness/client.ts';
import { sha256 } from '../harness/fixtures.ts';
import { expectProblem } from '../harness/problems.ts';
import { useStack } from '../harness/stack.ts';
import type { BegunUpload, SignedPart } from '../harness/views.ts';

/** Declared only, for what is never sent: well over 100 parts. */
const LARGE = 4 * 1024 ** 3;

const stack = useStack();
let user: Api;
beforeAll(async () => {
  user = await stack.api.signUp();
});

/** The smallest that comes in parts: four whole ones and a short one. */
const SIZE = 64 * 1024 ** 2 + 12_345;

async function inParts(name: string, more: Record<string, unknown> = {}) {
  const bytes = await buffer(generated(SIZE, 3));
  const begun = await user.begin({ name, size: SIZE, ...more });
  return { ...begun, bytes, count: Math.ceil(SIZE / begun.upload.partSize) };
}

const slice = (bytes: Buffer, { upload }: Pick<BegunUpload, 'upload'>, number: number) =>
  bytes.subarray((number - 1) * upload.partSize, number * upload.partSize);

const moreParts = (id: string, json: unknown) => user.call('POST', `/api/uploads/${id}/parts`, { json });
const confirm = (id: string, json: unknown = {}) => user.call('POST', `/api/uploads/${id}/confirm`, { json });

async function putParts(begun: Awaited<ReturnType<typeof inParts>>, parts: readonly SignedPart[]) {
  const etags: { number: number; etag: string }[] = [];
  for (const { number, url } of parts) {
    const { status, headers } = await user.put(url, slice(begun.bytes, begun, number));
    expect(status).toBe(200);
    etags.push({ number, etag: headers.etag as string });
  }
  return etags;
}

describe('an upload in parts', () => {
  test('is put together in order, however its parts came', async () => {
    const begun = await inParts('parts.bin');
    const { file, upload, bytes, count } = begun;
    expect(upload.parts.map(({ number }) => number)).toEqual(upload.parts.map((_, i) => i + 1));
    expect(upload.parts).toHaveLength(count);
    await putParts(begun, [...upload.parts].reverse());

    const state = (await user.expect(200, 'GET', `/api/uploads/${file.id}`)).body;
    expect(state.received.map(({ number }: SignedPart) => number)).toEqual(
      Array.from({ length: count }, (_, i) => i + 1),
    );
    expect((await confirm(file.id)).status).toBe(202);
    expect(sha256(await user.content(file.id))).toBe(sha256(bytes));
  });

  test('takes a part again before it is confirmed, and the last one counts', async () => {
    const begun = await inParts('repaired.bin');
    const { file, upload, bytes } = begun;
    const [first] = upload.parts as [SignedPart];
    await user.put(first.url, Buffer.alloc(upload.partSize));
    await putParts(begun, upload.parts);
    expect((await confirm(file.id)).status).toBe(202);
    expect(sha256(await user.content(file.id))).toBe(sha256(bytes));
    expectProblem(await user.put(first.url, Buffer.alloc(upload.partSize)), 409, 'upload_closed');
  });

  test('is not confirmed while a part is missing, and goes on after that', async () => {
    const begun = await inParts('missing.bin');
    const { parts } = begun.upload;
    await putParts(begun, parts.slice(1));
    expectProblem(await confirm(begun.file.id), 409, 'upload_not_complete');
    await putParts(begun, parts.slice(0, 1));
    expect((await confirm(begun.file.id)).status).toBe(202);
  });

  test('whose hash is not the one declared is given up', async () => {
    const begun = await inParts('hash.bin', { sha256: '0'.repeat(64) });
    await putParts(begun, begun.upload.parts);
    expectProblem(await confirm(begun.file.id), 400, 'checksum_mismatch');
    expectProblem(await user.call('GET', `/api/files/${begun.file.id}`), 404, 'not_found');
  });

  test('takes no part of another length', async () => {
    const { file, upload } = await inParts('short.bin');
    const [first] = upload.parts as [SignedPart];
    expectProblem(await user.put(first.url, Buffer.alloc(upload.partSize - 1)), 400, 'size_mismatch');
    expect((await user.expect(200, 'GET', `/api/uploads/${file.id}`)).body.received).toEqual([]);
  });

  test('checks the parts that the client believes it sent', async () => {
    const begun = await inParts('believed.bin');
    const sent = await putParts(begun, begun.upload.parts);
    const wrong = sent.map(({ number }) => ({ number, etag: '"0123456789abcdef0123456789abcdef"' }));
    expectProblem(await confirm(begun.file.id, { parts: wrong }), 409, 'upload_not_complete');
    expect((await confirm(begun.file.id, { parts: sent })).status).toBe(202);
  });

  test('has more parts signed as they are needed', async () => {
    const { file, upload } = await user.begin({ name: 'large.bin', size: LARGE });
    const count = Math.ceil(LARGE / upload.partSize);
    expect(upload.parts.length).toBeLessThanOrEqual(100);
    const next = await moreParts(file.id, { from: upload.parts.length + 1, count: 2 });
    expect(next.body.parts.map(({ number }: SignedPart) => number)).toEqual([
      upload.parts.length + 1,
      upload.parts.length + 2,
    ]);
    for (const json of [
      { from: 0, count: 1 },
      { from: 1, count: 0 },
      { from: 1, count: 101 },
      { from: count + 1, count: 1 },
      { from: 1 },
      {},
    ]) {
      expectProblem(await moreParts(file.id, json), 400, 'invalid_request');
    }
  });

  test('given up leaves nothing', async () => {
    const begun = await inParts('given-up.bin');
    await putParts(begun, begun.upload.parts.slice(0, 1));
    expect((await user.call('DELETE', `/api/uploads/${begun.file.id}`)).status).toBe(204);
    expectProblem(await user.call('GET', `/api/uploads/${begun.file.id}`), 404, 'not_found');
  });
});
