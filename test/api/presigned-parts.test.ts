import { buffer } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from 'vitest';
import { generated } from '../harness/big.ts';
import type { Api } from '../harness/client.ts';
import { sha256 } from '../harness/fixtures.ts';
import { storedOf } from '../harness/inspect.ts';
import { expectProblem, expectUrlRefused } from '../harness/problems.ts';
import { useSharedStack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';
import type { BegunUpload, SignedPart } from '../harness/views.ts';

/** Declared only, for what is never sent: well over 100 parts. */
const LARGE = 4 * 1024 ** 3;

const stack = useSharedStack();
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

async function putParts(begun: Awaited<ReturnType<typeof inParts>>, parts: readonly SignedPart[]): Promise<void> {
  for (const { number, url } of parts) {
    const { status, headers } = await user.put(url, slice(begun.bytes, begun, number));
    expect(status).toBe(200);
    expect(headers.etag).toMatch(/^"\S+"$/);
  }
}

describe('an upload in parts, step by step', () => {
  let begun: Awaited<ReturnType<typeof inParts>>;
  let parts: readonly SignedPart[];
  beforeAll(async () => {
    begun = await inParts('parts.bin');
    ({ parts } = begun.upload);
  });

  test('begins with all parts signed, where they are few', () => {
    expect(parts.map(({ number }) => number)).toEqual(Array.from({ length: begun.count }, (_, i) => i + 1));
    expect(begun.file).toMatchObject({ status: 'pending', size: SIZE });
  });

  test('takes no part of another length', async () => {
    const first = parts[0] as SignedPart;
    expectUrlRefused(await user.put(first.url, Buffer.alloc(begun.upload.partSize - 1)), 400, 'size_mismatch');
    expect((await user.expect(200, 'GET', `/api/uploads/${begun.file.id}`)).body.received).toEqual([]);
  });

  test('is not confirmed while a part is missing', async () => {
    await putParts(begun, parts.slice(1).reverse());
    const { received } = (await user.expect(200, 'GET', `/api/uploads/${begun.file.id}`)).body;
    expect(received.map(({ number }: SignedPart) => number)).toEqual(parts.slice(1).map(({ number }) => number));
    const refused = await confirm(begun.file.id);
    expectProblem(refused, 409, 'upload_not_complete');
    expect(refused.body.detail).toBe(`Of ${begun.count} parts, these have not come: 1. Send them, then confirm again.`);
  });

  test('takes a part again: the last one counts', async () => {
    const first = parts[0] as SignedPart;
    expect((await user.put(first.url, Buffer.alloc(begun.upload.partSize))).status).toBe(200);
    await putParts(begun, [first]);
  });

  test('checks the parts that the client believes it sent', async () => {
    const wrong = [{ number: 1, etag: '"0123456789abcdef0123456789abcdef"' }];
    expectProblem(await confirm(begun.file.id, { parts: wrong }), 409, 'upload_not_complete');
  });

  test('is put together in order', async () => {
    const { received } = (await user.expect(200, 'GET', `/api/uploads/${begun.file.id}`)).body;
    const sent = received.map(({ number, etag }: { number: number; etag: string }) => ({ number, etag }));
    expect((await confirm(begun.file.id, { parts: sent })).status).toBe(202);
    expect(sha256(await user.content(begun.file.id))).toBe(sha256(begun.bytes));
  });

  test('takes nothing more then', async () => {
    const last = parts.at(-1) as SignedPart;
    const again = await user.put(last.url, slice(begun.bytes, begun, last.number));
    expectUrlRefused(again, 409, 'upload_closed');
    expect((await confirm(begun.file.id)).status).toBe(202);
  });
});

describe('an upload in parts', () => {
  test('whose hash is not the one declared is given up', async () => {
    const begun = await inParts('hash.bin', { sha256: '0'.repeat(64) });
    await putParts(begun, begun.upload.parts);
    expectProblem(await confirm(begun.file.id), 400, 'checksum_mismatch');
    expectProblem(await user.call('GET', `/api/files/${begun.file.id}`), 404, 'not_found');
  });

  test('has more parts signed as they are needed', async () => {
    const { file, upload } = await user.begin({ name: 'large.bin', size: LARGE });
    const count = Math.ceil(LARGE / upload.partSize);
    expect(upload.parts).toHaveLength(100);
    const next = await moreParts(file.id, { from: 101, count: 2 });
    expect(next.body.parts.map(({ number }: SignedPart) => number)).toEqual([101, 102]);
    const last = await moreParts(file.id, { from: count, count: 100 });
    expect(last.body.parts.map(({ number }: SignedPart) => number)).toEqual([count]);
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
    const { file, upload } = await user.begin({ name: 'given-up.bin', size: SIZE });
    const first = upload.parts[0] as SignedPart;
    expect((await user.put(first.url, Buffer.alloc(upload.partSize))).status).toBe(200);
    expect((await user.call('DELETE', `/api/uploads/${file.id}`)).status).toBe(204);
    expectProblem(await user.call('GET', `/api/uploads/${file.id}`), 404, 'not_found');
    // The store itself takes parts until it is told, which is done in the background.
    const sendAgain = () => user.put(first.url, Buffer.alloc(upload.partSize));
    await until('its parts to be refused', async () => (await sendAgain()).status >= 400);
    await until('its parts to be gone', async () => (await storedOf(stack, file.id)).length === 0);
  });
});
