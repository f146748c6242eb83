import { Readable } from 'node:stream';
import { beforeAll, describe, expect, test } from 'vitest';
import { generated } from '../harness/big.ts';
import type { Api } from '../harness/client.ts';
import { type FixtureName, fixture, sha256 } from '../harness/fixtures.ts';
import { expectProblem } from '../harness/problems.ts';
import { useSharedStack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const stack = useSharedStack();
let user: Api;
beforeAll(async () => {
  user = await stack.api.signUp();
});

describe('a raw body', () => {
  test('is a file, with all that its query says of it', async () => {
    const file = await user.upload('hello', {
      name: 'hello.txt',
      type: 'text/plain; charset=utf-8',
      query: { folder: 'a/b', visibility: 'public', metadata: '{"k":"v"}' },
    });
    expect(file).toMatchObject({
      name: 'hello.txt',
      folder: 'a/b',
      size: 5,
      visibility: 'public',
      metadata: { k: 'v' },
      status: 'uploaded',
    });
    expect((await user.content(file.id)).toString()).toBe('hello');
  });

  test.each<[FixtureName, string]>([
    ['camera.jpg', 'image/jpeg'],
    ['alpha.png', 'image/png'],
    ['photo.webp', 'image/webp'],
    ['animated.gif', 'image/gif'],
    ['scan.tiff', 'image/tiff'],
    ['pages.pdf', 'application/pdf'],
  ])('%s is of the type that its bytes tell, not the client', async (name, contentType) => {
    const bytes = await fixture(name);
    const file = await user.upload(bytes, { name, type: 'application/x-nothing' });
    expect(file).toMatchObject({ contentType, size: bytes.length, sha256: sha256(bytes) });
    const { headers } = await user.expect(200, 'GET', `/api/files/${file.id}/content`);
    expect(headers['content-type']).toBe(contentType);
  });

  test('of no bytes is a file of no bytes', async () => {
    const file = await user.upload('', { name: 'empty.txt', type: 'text/plain' });
    expect(file).toMatchObject({ size: 0, sha256: sha256(Buffer.alloc(0)), status: 'uploaded' });
    expect(await user.content(file.id)).toHaveLength(0);
  });

  test('of unknown length (chunked) is taken whole', async () => {
    const file = await user.upload(generated(3_000_001, 7), { name: 'chunked.bin' });
    expect(file.size).toBe(3_000_001);
    expect((await user.content(file.id)).length).toBe(3_000_001);
  });

  test('is not to be seen before it is whole', async () => {
    const somebody = await stack.api.signUp();
    let finish: () => void = () => {};
    const rest = new Promise<void>((resolve) => {
      finish = resolve;
    });
    async function* slowly() {
      yield Buffer.alloc(2_000_000, 'a');
      await rest;
      yield Buffer.from('the end');
    }
    const upload = somebody.upload(Readable.from(slowly()), { name: 'slow.txt', type: 'text/plain' });
    const pending = await until('the upload to be under way', async () => {
      const [file] = (await somebody.list({ status: 'pending' })).items;
      return file;
    });
    expect((await somebody.list()).items).toEqual([]);
    expectProblem(await somebody.call('GET', `/api/files/${pending.id}/content`), 409, 'upload_not_complete');
    finish();
    expect(await upload).toMatchObject({ id: pending.id, size: 2_000_007, status: 'uploaded' });
    expect((await somebody.list()).items).toHaveLength(1);
  });

  test('twice is two files', async () => {
    const [one, two] = await Promise.all([user.upload('same', { name: 's' }), user.upload('same', { name: 's' })]);
    expect(one.id).not.toBe(two.id);
  });

  test('needs a name', async () => {
    expectProblem(await user.sendRaw('nameless'), 400, 'invalid_request');
  });

  test('needs somebody', async () => {
    expectProblem(await stack.api.sendRaw('nobody', { name: 'n.txt' }), 401, 'unauthenticated');
  });

  test('is told its hash, where one is wanted', async () => {
    const query = { sha256: sha256(Buffer.from('right')) };
    expect((await user.sendRaw('right', { name: 'r', query })).status).toBe(202);
  });
});
