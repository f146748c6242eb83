import { beforeAll, describe, expect, test } from 'vitest';
import type { Api, FormPart } from '../../harness/client.ts';
import type { Answer } from '../../harness/http.ts';
import { nothingLost as nothingLostOf, refusedWith, type Witness, witnessOn } from '../../harness/nothing-lost.ts';
import { expectProblem } from '../../harness/problems.ts';
import { useSharedStack } from '../../harness/stack.ts';

const stack = useSharedStack();
let witness: Witness;
let user: Api;
beforeAll(async () => {
  witness = await witnessOn(stack);
  ({ user } = witness);
});

const nothingLost = (fail: () => Promise<unknown>) => nothingLostOf(witness, fail);
const refused = (status: number, code: string, send: () => Promise<Answer>) => refusedWith(witness, status, code, send);

const file = (filename: string, content: string | Uint8Array = 'x', type = 'text/plain'): FormPart => ({
  field: 'file',
  filename,
  type,
  content,
});

describe('a form', () => {
  test('that is empty', () =>
    refused(400, 'invalid_request', () =>
      user.call('POST', '/api/files', {
        body: '--b--\r\n',
        headers: { 'content-type': 'multipart/form-data; boundary=b' },
      }),
    ));

  test('of no bytes', () =>
    nothingLost(async () => {
      const { status } = await user.call('POST', '/api/files', {
        body: '',
        headers: { 'content-type': 'multipart/form-data; boundary=b' },
      });
      expect(status).toBe(400);
    }));

  test('without a boundary', () =>
    nothingLost(async () => {
      const { status } = await user.call('POST', '/api/files', {
        body: 'x',
        headers: { 'content-type': 'multipart/form-data' },
      });
      expect([400, 415]).toContain(status);
    }));

  test('of 10,000 fields', () =>
    nothingLost(async () => {
      const fields = Array.from({ length: 10_000 }, (_, i) => ({ field: `field${i}`, content: 'x' }));
      const answer = await user.sendForm([...fields, file('bomb.txt')]);
      expectProblem(answer, answer.status, answer.body.code);
      expect([400, 413]).toContain(answer.status);
    }));

  test('of 10,000 files', () =>
    nothingLost(async () => {
      const answer = await user.sendForm(Array.from({ length: 10_000 }, () => file('a/b')));
      expect([400, 413]).toContain(answer.status);
    }));

  test('with a field of a megabyte', () =>
    nothingLost(async () => {
      const answer = await user.sendForm([{ field: 'metadata', content: 'x'.repeat(1_000_000) }, file('a.txt')]);
      expect([400, 413]).toContain(answer.status);
    }));
});

test('a large body from somebody who is not signed in is refused before it is read as JSON', async () => {
  const body = `{"email":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
  for (const path of ['/api/auth/login', '/api/auth/signup']) {
    const answer = await stack.api.call('POST', path, { body, headers: { 'content-type': 'application/json' } });
    expectProblem(answer, 413, 'too_large');
  }
});

describe('a name', () => {
  test.each([
    ['that leads out', '../../etc/passwd'],
    ['with a path', 'a/b.txt'],
    ['with a path of Windows', 'C:\\secret.txt'],
    ['of two dots', '..'],
    ['with NUL', 'a\0.txt'],
    ['with a control character', 'a\u0007.txt'],
    ['with a line break', 'a\r\nb.txt'],
    ['that turns the direction of writing', 'a\u202Egpj.exe'],
    ['of 300 characters', `${'x'.repeat(296)}.txt`],
    ['of spaces', '   '],
  ])('%s is refused, raw and signed', async (_, name) => {
    await refused(400, 'invalid_name', () => user.sendRaw('x', { name, type: 'text/plain' }));
    await refused(400, 'invalid_name', () =>
      user.call('POST', '/api/uploads', { json: { name, size: 1, contentType: 'text/plain' } }),
    );
  });

  test.each(['../up.txt', 'a\u0007.txt', `${'x'.repeat(300)}.txt`])('%j in a form is refused', async (name) => {
    await refused(400, 'invalid_name', () => user.sendForm([file(name)]));
  });

  test('that there is not is asked for', async () => {
    await refused(400, 'invalid_request', () => user.sendRaw('x', { type: 'text/plain' }));
    await nothingLost(async () => {
      const { status } = await user.sendForm([file('')]);
      expect(status).toBe(400);
    });
  });
});
