import { beforeAll, describe, expect, test } from 'vitest';
import type { Api } from '../harness/client.ts';
import { fixture, sha256 } from '../harness/fixtures.ts';
import { call } from '../harness/http.ts';
import { expectProblem, expectUrlRefused } from '../harness/problems.ts';
import { useSharedStack } from '../harness/stack.ts';
import { stackKind } from '../harness/stack-kind.ts';
import { until } from '../harness/until.ts';

const stack = useSharedStack();
let user: Api;
beforeAll(async () => {
  user = await stack.api.signUp();
});

const text = (name = 'signed.txt') => user.upload('signed text', { name, type: 'text/plain' });
const sign = (id: string, json: unknown = {}) => user.call('POST', `/api/files/${id}/url`, { json });

describe('a signed URL', () => {
  test('needs no header, and gives ranges too', async () => {
    const { id } = await text();
    const { status, body } = await sign(id);
    expect(status).toBe(200);
    expect(Date.parse(body.expiresAt)).toBeGreaterThan(Date.now());
    const { bytes, headers } = await call('GET', body.url);
    expect(bytes.toString()).toBe('signed text');
    expect((await call('GET', body.url, { headers: { range: 'bytes=7-' } })).bytes.toString()).toBe('text');
    if (stackKind().objects === 's3') return;
    // One of S3 is for GET alone, and has no headers of ours.
    expect((await call('HEAD', body.url)).status).toBe(200);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  test('is of the variant and under the name that were asked for', async () => {
    const { id } = await user.upload(await fixture('photo.webp'), { name: 'photo.webp' });
    await user.processed(id);
    const { body } = await sign(id, { variant: 'thumbnail', download: 'klein, für Ünsere.webp' });
    const { bytes, headers } = await call('GET', body.url);
    expect(sha256(bytes)).toBe(sha256(await user.content(id, { variant: 'thumbnail' })));
    expect(headers['content-disposition']).toMatch(/^attachment/);
    expect(decodeURIComponent(headers['content-disposition'] as string)).toContain('klein, für Ünsere.webp');
  });

  test('ends when it was to end', async () => {
    const { id } = await text();
    const { body } = await sign(id, { expiresIn: 1 });
    const answer = await until('the URL to expire', async () => {
      const answer = await call('GET', body.url);
      return answer.status !== 200 && answer;
    });
    expectUrlRefused(answer, 403, 'signature_expired');
  });

  test('that was changed anywhere opens nothing', async () => {
    const { id } = await text();
    const { url } = (await sign(id)).body;
    const start = url.lastIndexOf('/') + 1;
    for (let at = start; at < url.length; at += Math.ceil((url.length - start) / 12)) {
      const changed = `${url.slice(0, at)}${url[at] === 'A' ? 'B' : 'A'}${url.slice(at + 1)}`;
      expectUrlRefused(await call('GET', changed), 403, 'signature_invalid');
    }
    expectUrlRefused(await call('GET', url.slice(0, -4)), 403, 'signature_invalid');
  });

  test('for reading writes nothing, and one for writing reads nothing', async () => {
    const { id } = await text();
    const reading = (await sign(id)).body.url;
    expect((await user.put(reading, 'signed text')).status).toBeGreaterThanOrEqual(400);
    const { upload } = await user.begin({ name: 'write.txt', size: 5 });
    expect((await call('GET', upload.url)).status).toBeGreaterThanOrEqual(400);
    expect((await user.content(id)).toString()).toBe('signed text');
  });

  test('is dead once the file is purged', async () => {
    const { id } = await text();
    const { url } = (await sign(id)).body;
    await user.expect(204, 'DELETE', `/api/files/${id}?permanent=true`);
    const answer = await until('the file to be purged', async () => {
      expect((await stack.cli('sweep')).code).toBe(0);
      const answer = await call('GET', url);
      return answer.status !== 200 && answer;
    });
    expect([404, 410]).toContain(answer.status);
  });

  test.each([{ expiresIn: 0 }, { expiresIn: -1 }, { expiresIn: 604_801 }, { expiresIn: 'long' }, { colour: 'red' }])(
    'is not made from %j',
    async (json) => {
      const { id } = await text();
      expectProblem(await sign(id, json), 400, 'invalid_request');
    },
  );

  test('is not made of what is not there', async () => {
    const { id } = await text();
    expectProblem(await sign(id, { variant: 'thumbnail' }), 404, 'not_found');
    const { file } = await user.begin({ name: 'pending.txt', size: 5 });
    expect((await sign(file.id)).status).toBeGreaterThanOrEqual(404);
  });
});
