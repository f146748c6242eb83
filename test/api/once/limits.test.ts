import { Readable } from 'node:stream';
import { beforeAll, describe, expect, test } from 'vitest';
import { generated } from '../../harness/big.ts';
import type { Api, FormPart } from '../../harness/client.ts';
import { describeWithEngines } from '../../harness/engines/use.ts';
import { fixture } from '../../harness/fixtures.ts';
import type { Answer } from '../../harness/http.ts';
import { query } from '../../harness/inspect.ts';
import { refusedWith, type Witness, witnessOn } from '../../harness/nothing-lost.ts';
import { expectProblem } from '../../harness/problems.ts';
import { useStack } from '../../harness/stack.ts';
import { until } from '../../harness/until.ts';
import type { UploadAnswer } from '../../harness/views.ts';

const MAX = 4 * 1024 ** 2;

const file = (filename: string, content: string | Uint8Array = 'x', type = 'text/plain'): FormPart => ({
  field: 'file',
  filename,
  type,
  content,
});

describe('with objects on the disk', () => limits('disk'));
describeWithEngines(['s3'], 'with objects on S3', () => limits('s3'));

function limits(objects: 'disk' | 's3'): void {
  const stack = useStack({
    objects,
    env: {
      MAX_FILE_SIZE: String(MAX),
      ALLOWED_TYPES: 'text/*,image/jpeg,application/octet-stream',
      USER_QUOTA: '20MB',
    },
  });
  let witness: Witness;
  let user: Api;
  beforeAll(async () => {
    witness = await witnessOn(stack);
    ({ user } = witness);
  });

  const refused = (status: number, code: string, send: () => Promise<Answer>) =>
    refusedWith(witness, status, code, send);

  async function removeForGood(id: string): Promise<void> {
    await user.expect(204, 'DELETE', `/api/files/${id}?permanent=true`);
    const isGone = async () => (await query(stack, 'SELECT 1 FROM files WHERE id = ?', id)).length === 0;
    await until('it to be purged', isGone);
  }

  describe('a file', () => {
    test('of a type that is not allowed, whatever it says it is', async () => {
      const png = await fixture('alpha.png');
      await refused(422, 'type_not_allowed', () => user.sendRaw(png, { name: 'a.txt', type: 'text/plain' }));
      await refused(422, 'type_not_allowed', () => user.sendRaw('%PDF-1.7\n', { name: 'a.jpg', type: 'image/jpeg' }));
    });

    test('over the limit that says so is refused before it comes', () =>
      refused(413, 'too_large', () => user.sendRaw(Buffer.alloc(MAX + 1), { name: 'large.bin' })));

    test('over the limit is stopped while it comes', async () => {
      let sent = 0;
      const endless = Readable.from(
        (function* () {
          for (; sent < 100 * MAX; sent += 65_536) yield Buffer.alloc(65_536, sent % 251);
        })(),
        { objectMode: false },
      );
      await refused(413, 'too_large', () => user.sendRaw(endless, { name: 'endless.bin' }));
      expect(sent).toBeLessThan(20 * MAX);
    });

    test('over the limit in a form is stopped too', () =>
      refused(413, 'too_large', () => user.sendForm([file('large.txt', Buffer.alloc(MAX + 1, 'x'))])));

    test('over the limit is not signed for', () =>
      refused(413, 'too_large', () =>
        user.call('POST', '/api/uploads', { json: { name: 'large.bin', size: MAX + 1, contentType: 'text/plain' } }),
      ));

    test('of exactly the limit is taken', async () => {
      const { id, size } = await user.upload(generated(MAX, 1), { name: 'exact.bin' });
      expect(size).toBe(MAX);
      await removeForGood(id);
    });

    test('over the quota is refused, also where its length is not known', async () => {
      const ids: string[] = [];
      for (let i = 0; i < 4; i += 1) ids.push((await user.upload(Buffer.alloc(MAX, i), { name: `${i}.bin` })).id);
      await refused(413, 'quota_exceeded', () => user.sendRaw(Buffer.alloc(MAX, 'x'), { name: 'full.bin' }));
      await refused(413, 'quota_exceeded', () => user.sendRaw(generated(MAX, 5), { name: 'full.bin' }));
      await refused(413, 'quota_exceeded', () =>
        user.call('POST', '/api/uploads', { json: { name: 'full.bin', size: MAX, contentType: 'text/plain' } }),
      );
      for (const id of ids) await removeForGood(id);
    });
  });

  describe('a form', () => {
    test('reports the parts that failed, and keeps the others', async () => {
      const { status, body } = await user.sendForm([
        file('good.txt', 'good'),
        file('bad.png', await fixture('alpha.png'), 'image/png'),
        file('large.txt', 'x'.repeat(MAX + 1)),
        file('also good.txt', 'good too'),
      ]);
      expect(status).toBe(202);
      const { files, errors } = body as UploadAnswer;
      expect(files.map(({ name }) => name)).toEqual(['good.txt', 'also good.txt']);
      expect(errors.map(({ part, code }) => ({ part, code }))).toEqual([
        { part: 1, code: 'type_not_allowed' },
        { part: 2, code: 'too_large' },
      ]);
      for (const { id } of files) {
        expect((await user.content(id)).toString()).toMatch(/^good/);
        await removeForGood(id);
      }
    });

    test('of which every part failed is a problem', async () => {
      const answer = await user.sendForm([file('bad.png', await fixture('alpha.png'), 'image/png')]);
      expectProblem(answer, 422, 'type_not_allowed');
    });
  });
}
