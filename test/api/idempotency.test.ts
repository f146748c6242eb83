import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Api } from '../harness/client.ts';
import { sendRaw } from '../harness/http.ts';
import { query } from '../harness/inspect.ts';
import { expectProblem } from '../harness/problems.ts';
import { useSharedStack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const stack = useSharedStack();
let user: Api;
beforeAll(async () => {
  user = await stack.api.signUp();
});

const send = (key: string, body: string, name = 'once.txt', as = user) =>
  as.sendRaw(body, { name, type: 'text/plain', headers: { 'idempotency-key': key } });
const named = async (name: string, as = user) =>
  (await as.list({ q: name })).items.filter((file) => file.name === name);

describe('an Idempotency-Key', () => {
  test('gives the same request the same answer, and one file', async () => {
    const key = crypto.randomUUID();
    const first = await send(key, 'same', 'same-request.txt');
    const second = await send(key, 'same', 'same-request.txt');
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body).toEqual(first.body);
    expect(await named('same-request.txt')).toHaveLength(1);
  });

  test('works for a form, whatever its boundary', async () => {
    const key = crypto.randomUUID();
    const headers = { 'idempotency-key': key };
    const parts = ['one', 'two'].map((name) => ({ field: 'file', filename: `form-${name}.txt`, content: name }));
    const first = await user.sendForm(parts, { headers });
    const second = await user.sendForm(parts, { headers });
    expect(first.status).toBe(202);
    expect(second.body).toEqual(first.body);
    expect(await named('form-one.txt')).toHaveLength(1);
  });

  test.each<[string, (key: string) => ReturnType<typeof send>]>([
    ['other bytes', (key) => send(key, 'not the same')],
    ['another name', (key) => send(key, 'same', 'another.txt')],
  ])('used with %s is refused', async (_, again) => {
    const key = crypto.randomUUID();
    expect((await send(key, 'same')).status).toBe(202);
    const before = await user.listAll();
    expectProblem(await again(key), 422, 'idempotency_mismatch');
    expect(await user.listAll()).toEqual(before);
  });

  test('is one principal’s own', async () => {
    const key = crypto.randomUUID();
    const other = await stack.api.signUp();
    const [mine, theirs] = [await send(key, 'mine'), await send(key, 'theirs', 'theirs.txt', other)];
    expect([mine.status, theirs.status]).toEqual([202, 202]);
    expect(theirs.body.files[0].id).not.toBe(mine.body.files[0].id);
  });

  test('whose request is still under way is in conflict', async () => {
    const key = crypto.randomUUID();
    let cut: (value?: unknown) => void = () => {};
    const head =
      `POST /api/files?name=slow.txt HTTP/1.1\r\nHost: holdfast\r\nAuthorization: Bearer ${user.token}\r\n` +
      `Content-Type: text/plain\r\nContent-Length: 8\r\nIdempotency-Key: ${key}\r\n\r\nslow`;
    const slow = sendRaw(stack.api.url(), [head], { cutWhen: () => new Promise((resolve) => (cut = resolve)) });
    await until(
      'the slow request to hold its key',
      async () => (await query(stack, 'SELECT 1 FROM idempotency_keys WHERE idempotency_key = ?', key)).length > 0,
    );
    expectProblem(await send(key, 'slow', 'slow.txt'), 409, 'idempotency_in_flight');
    cut();
    await slow;
    // The one that was cut off gave its key back.
    await until('the key to be free', async () => (await send(key, 'slowly!!', 'slow.txt')).status === 202);
    expect(await named('slow.txt')).toHaveLength(1);
  });

  test('of a request that was refused can be used again', async () => {
    const key = crypto.randomUUID();
    const first = await send(key, 'x', 'a\u0007b');
    expect(first.status).toBe(400);
    const second = await send(key, 'x', 'a\u0007b');
    expect(second.body.code).toBe(first.body.code);
  });

  test('that is none is refused', async () => {
    expectProblem(await send('k'.repeat(300), 'x'), 400, 'invalid_request');
  });

  test('makes one file of however many requests at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.record({ key: fc.uuid(), body: fc.string(), times: fc.integer({ min: 1, max: 5 }) }), {
          selector: ({ key }) => key,
          maxLength: 4,
        }),
        async (requests) => {
          const before = (await user.listAll()).length;
          const answers = await Promise.all(
            requests.flatMap(({ key, body, times }) =>
              Array.from({ length: times }, () => send(key, body, `p-${key}`)),
            ),
          );
          for (const { status, body } of answers) {
            expect(
              status === 202 || (status === 409 && body.code === 'idempotency_in_flight'),
              JSON.stringify(body),
            ).toBe(true);
          }
          expect((await user.listAll()).length).toBe(before + requests.length);
        },
      ),
      // What came of one request is still there for the next: a smaller one that fails tells nothing.
      { numRuns: 12, endOnFailure: true },
    );
  });
});
