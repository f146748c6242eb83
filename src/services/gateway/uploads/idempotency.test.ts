import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FormPart, formBody } from '../../../../test/harness/client.ts';
import { type Answer, sendRaw } from '../../../../test/harness/http.ts';
import { until } from '../../../../test/harness/until.ts';
import { serviceContext } from '../../../base/context.ts';
import { HoldfastError } from '../../../base/errors.ts';
import type { GatewayDeps } from '../deps.ts';
import { startTestGateway, type TestGateway } from './testing.ts';

const MIB = 1024 * 1024;

let server: TestGateway;
let settle: 'well' | 'never' = 'well';
/** What happens between finishing an upload and its answer. */
let answered: () => void;
/** What the answer to begin of a part waits for. */
let begun: (part: number) => Promise<unknown>;
let owner: string;
let owners = 0;

/** With `settle` at `never`, requests die between confirming their files and keeping their answers. */
const failing = ({ uploads }: Pick<GatewayDeps, 'uploads'>): Partial<GatewayDeps> => ({
  uploads: {
    ...uploads,
    beginUpload: async (request, context) => {
      const answer = await uploads.beginUpload(request, context);
      await begun(request.part);
      return answer;
    },
    finishUpload: async (...args) => {
      const answer = await uploads.finishUpload(...args);
      answered();
      return answer;
    },
    settleIdempotencyKey: async (...args) => {
      if (settle === 'never') throw new HoldfastError('unavailable', 'Gone.');
      return uploads.settleIdempotencyKey(...args);
    },
  },
});

beforeAll(async () => {
  server = await startTestGateway({ maxFileSize: 4 * MIB }, failing);
});
afterAll(() => server.close());
beforeEach(() => {
  owner = `owner-${++owners}`;
  settle = 'well';
  answered = () => {};
  begun = async () => {};
});

const headers = (key: string) => ({ authorization: `Bearer ${owner}`, 'idempotency-key': key });
const send = (key: string, body: string | Uint8Array, query = 'name=a.txt', type = 'text/plain') =>
  server.call('POST', `/api/files?${query}`, { body, headers: { ...headers(key), 'content-type': type } });
const sendForm = (key: string, parts: readonly FormPart[]) => {
  const { body, type } = formBody(parts);
  return server.call('POST', '/api/files', { body, headers: { ...headers(key), 'content-type': type } });
};
const file = (filename: string, content: string | Uint8Array): FormPart => ({ field: 'file', filename, content });
const names = async () => (await server.traces(owner)).files;
/** The time passes that a key is held for a request which gives no sign of life. */
const letLeasesEnd = () =>
  server.db.unit((tx) =>
    tx.updateTable('idempotency_keys').set({ lease_until: 0 }).where('owner_id', '=', owner).execute(),
  );
const codeOf = ({ status, body }: Answer) => (status === 202 ? 202 : `${status} ${body.code}`);

describe('an Idempotency-Key', () => {
  test('gets the same answer for the same requests and no answer for others, in whatever order they come', async () => {
    const request = fc.record({
      key: fc.constantFrom('k1', 'k2'),
      body: fc.constantFrom('', 'one', 'two', 'x'.repeat(70_000)),
      name: fc.constantFrom('a.txt', 'b.txt', 'bad/name'),
      dies: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 8 }), async (requests) => {
        owner = `owner-${++owners}`;
        /** What was done with each key: by which request, and what it was told if it lived. */
        const done = new Map<string, { request: string; answer: string | undefined; id: string }>();
        for (const { key, body, name, dies } of requests) {
          const before = done.get(key);
          const same = before?.request === `${name} ${body}`;
          settle = dies ? 'never' : 'well';
          const answer = await send(key, body, `name=${encodeURIComponent(name)}`);
          settle = 'well';
          await letLeasesEnd();
          if (before?.answer !== undefined) {
            expect(codeOf(answer)).toBe(same ? 202 : '422 idempotency_mismatch');
            if (same) expect(answer.bytes.toString()).toBe(before.answer);
            expect(answer.headers['idempotency-replayed']).toBe(same ? 'true' : undefined);
            continue;
          }
          // The request with this key died: its file is there, and tells another by the bytes.
          if (before && !before.request.endsWith(` ${body}`)) {
            expect(codeOf(answer)).toBe('422 idempotency_mismatch');
            continue;
          }
          if (!before && name === 'bad/name') {
            expect(codeOf(answer)).toBe('400 invalid_name');
            continue;
          }
          expect(codeOf(answer)).toBe(202);
          const [taken] = answer.body.files;
          if (before) expect(taken.id).toBe(before.id);
          done.set(key, {
            request: `${name} ${body}`,
            answer: dies ? undefined : answer.bytes.toString(),
            id: taken.id,
          });
        }
      }),
      { numRuns: 40 },
    );
  });

  test('is known by all that makes a form: its files in their order, their names, types and settings', async () => {
    const form = [{ field: 'folder', content: 'f' }, file('a', 'one'), file('b', 'x'.repeat(70_000))];
    const first = await sendForm('form', form);
    expect(codeOf(first)).toBe(202);
    expect((await sendForm('form', form)).bytes.toString()).toBe(first.bytes.toString());
    const [folder, a, b] = form as [FormPart, FormPart, FormPart];
    for (const other of [
      [a, b],
      [folder, b, a],
      [folder, a],
      [folder, a, b, b],
      [folder, { ...a, filename: 'c' }, b],
      [folder, { ...a, type: 'text/csv' }, b],
      [folder, { ...a, content: 'One' }, b],
      [{ field: 'folder', content: 'g' }, a, b],
      [folder, a, { field: 'visibility', content: 'public' }, b],
    ]) {
      expect(codeOf(await sendForm('form', other))).toBe('422 idempotency_mismatch');
    }
    expect(codeOf(await send('form', 'one'))).toBe('422 idempotency_mismatch');
    expect(await names()).toEqual(['a uploaded', 'b uploaded']);
  });

  test('keeps what failed of a form beside what did not', async () => {
    const form = [file('a', 'one'), file('large', Buffer.alloc(5 * MIB)), file('b/c', 'two')];
    const first = await sendForm('partly', form);
    expect(first.body.errors.map(({ code }: { code: string }) => code)).toEqual(['too_large', 'invalid_name']);
    const again = await sendForm('partly', form);
    expect([again.status, again.bytes.toString()]).toEqual([202, first.bytes.toString()]);
    expect(await names()).toEqual(['a uploaded']);
  });

  test('is free again after a request that failed', async () => {
    expect(codeOf(await send('free', 'x', 'name=a%2Fb'))).toBe('400 invalid_name');
    expect(codeOf(await sendForm('free', [file('a/b', 'x')]))).toBe('400 invalid_name');
    expect(codeOf(await send('free', 'x'))).toBe(202);
  });

  test('finds the file that its request confirmed, though that was told otherwise, and no other', async () => {
    answered = () => {
      throw new HoldfastError('unavailable', 'The answer is lost.');
    };
    expect(codeOf(await send('lost', 'one'))).toBe('503 unavailable');
    answered = () => {};
    expect(codeOf(await send('lost', 'two'))).toBe('422 idempotency_mismatch');
    const again = await send('lost', 'one');
    expect(codeOf(again)).toBe(202);
    expect((await send('lost', 'one')).bytes.toString()).toBe(again.bytes.toString());
    expect(await names()).toEqual(['a.txt uploaded']);
  });

  test('whose request died is taken up while the rest of the form is still on its way', async () => {
    const form = [file('small', 'one'), file('large', Buffer.alloc(3 * MIB, 'x'))];
    settle = 'never';
    const died = await sendForm('rest', form);
    settle = 'well';
    await letLeasesEnd();
    const large = Promise.withResolvers<void>();
    begun = async (part) => (part === 0 ? large.promise : large.resolve());
    const again = await sendForm('rest', form);
    expect([again.status, again.body.files]).toEqual([202, died.body.files]);
  });

  test('whose request died is taken up where that left it, file by file', async () => {
    const call = {
      ...serviceContext('test', pino({ level: 'silent' }), 'test'),
      principal: { kind: 'user' as const, ownerId: owner },
    };
    // A request of two files that died when the first was confirmed and the second was on its way.
    const form = [file('a', 'one'), file('b', 'two')];
    settle = 'never';
    const died = await sendForm('died', form.slice(0, 1));
    settle = 'well';
    const { id } = await (async () => {
      await letLeasesEnd();
      return server.uploads.claimIdempotencyKey({ ownerId: owner, key: 'died' }, call);
    })();
    const { key } = await server.uploads.beginUpload(
      {
        ownerId: owner,
        file: {
          name: 'b',
          folder: '',
          contentType: 'text/plain',
          size: 3,
          metadata: {},
          visibility: 'VISIBILITY_PRIVATE',
        },
        sizeUnknown: false,
        idempotencyId: id,
        part: 1,
      },
      call,
    );
    await server.objects.put(key, Buffer.from('two'));
    expect(codeOf(await sendForm('died', form))).toBe('409 idempotency_in_flight');
    await letLeasesEnd();

    const answer = await sendForm('died', form);
    expect(codeOf(answer)).toBe(202);
    expect(answer.body.files.map(({ name }: { name: string }) => name)).toEqual(['a', 'b']);
    expect(answer.body.files[0].id).toBe(died.body.files[0].id);
    expect(await names()).toEqual(['a uploaded', 'b uploaded']);
  });

  test('whose request died is refused to another as a whole, and kept for its own', async () => {
    const form = [file('a', 'one'), file('b', 'two')];
    settle = 'never';
    const died = await sendForm('kept', form);
    settle = 'well';
    await letLeasesEnd();
    expect(codeOf(await sendForm('kept', [file('c', 'three'), file('d', 'two'), file('e', 'four')]))).toBe(
      '422 idempotency_mismatch',
    );
    expect(await names()).toEqual(['a uploaded', 'b uploaded']);
    const answer = await sendForm('kept', form);
    expect(answer.body.files.map(({ id }: { id: string }) => id)).toEqual(
      died.body.files.map(({ id }: { id: string }) => id),
    );
  });

  test('is held while its request is under way, and given back when that is cut off', async () => {
    const head = [
      'POST /api/files?name=a.txt HTTP/1.1',
      'Host: h',
      `Authorization: Bearer ${owner}`,
      'Idempotency-Key: slow',
      'Content-Length: 100',
      '\r\nslow',
    ].join('\r\n');
    let inFlight: Answer | undefined;
    await sendRaw(server.url, [head], {
      cutWhen: async () => {
        const keys = server.db.reader.selectFrom('idempotency_keys').select('id').where('owner_id', '=', owner);
        await until('the key to be held', () => keys.executeTakeFirst());
        inFlight = await send('slow', 'slow');
      },
    });
    expect(inFlight?.body.code).toBe('idempotency_in_flight');
    expect(Number(inFlight?.headers['retry-after'])).toBeGreaterThan(0);
    await until('the key to be free', async () => (await send('slow', 'fast')).status === 202);
    expect(await names()).toEqual(['a.txt uploaded']);
  });

  test('makes one file of any number of requests at once', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => send('crowd', 'x'.repeat(100_000))));
    const well = answers.filter(({ status }) => status === 202);
    expect(well.length).toBeGreaterThan(0);
    expect(new Set(well.map(({ body }) => body.files[0].id)).size).toBe(1);
    for (const answer of answers) expect([202, '409 idempotency_in_flight']).toContain(codeOf(answer));
    expect(await names()).toEqual(['a.txt uploaded']);
  });

  test('belongs to its owner', async () => {
    const first = await send('mine', 'one');
    owner = `owner-${++owners}`;
    const other = await send('mine', 'two');
    expect(codeOf(other)).toBe(202);
    expect(other.body.files[0].id).not.toBe(first.body.files[0].id);
  });

  test.each([
    ['nothing', ''],
    ['a space', 'a b'],
    ['256 characters', 'k'.repeat(256)],
    ['what is not ASCII', 'kü'],
  ])('of %s is refused', async (_, key) => {
    expect(codeOf(await send(key, 'x'))).toBe('400 invalid_request');
    expect(await names()).toEqual([]);
  });

  test('may have 255 characters', async () => {
    expect(codeOf(await send('~'.repeat(255), 'x'))).toBe(202);
  });
});
