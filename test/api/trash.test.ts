import { beforeAll, describe, expect, test } from 'vitest';
import type { SweepReport } from '../../src/app/sweep.ts';
import type { Api } from '../harness/client.ts';
import { fixture } from '../harness/fixtures.ts';
import { ageFile, query, quotaOf, storedOf } from '../harness/inspect.ts';
import { expectProblem } from '../harness/problems.ts';
import { useSharedStack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const DAY = 24 * 3_600_000;
/** Well over TRASH_RETENTION and UPLOAD_EXPIRY, but no upload in parts is forgotten then. */
const LONG = 31 * DAY;

const stack = useSharedStack();
let user: Api;
beforeAll(async () => {
  user = await stack.api.signUp();
});

const text = (name: string, content = 'some text') => user.upload(content, { name, type: 'text/plain' });
const remove = (id: string, how = '') => user.call('DELETE', `/api/files/${id}${how}`);
const restore = (id: string) => user.call('POST', `/api/files/${id}/restore`);
const hasRow = async (id: string) => (await query(stack, 'SELECT id FROM files WHERE id = ?', id)).length > 0;
const untilGone = (id: string) => until('the file to be purged', async () => !(await hasRow(id)));
/** Beside it the janitor sweeps on its schedule, which begins within a minute of the start: it may be first. */
const sweep = async (...args: string[]): Promise<SweepReport> => {
  const { code, stdout, stderr } = await stack.cli('sweep', '--json', ...args);
  expect(code, `${stdout}${stderr}`).toBe(0);
  return JSON.parse(stdout);
};

describe('deleting a file', () => {
  test('moves it to the trash at once, and restoring brings it back', async () => {
    const { id } = await text('trash.txt');
    expect((await remove(id)).status).toBe(204);
    expect((await remove(id)).status).toBe(204);
    expect((await user.listAll()).map((file) => file.id)).not.toContain(id);
    expect((await user.listAll({ trash: 'true' })).map((file) => file.id)).toContain(id);
    expect((await user.file(id)).deletedAt).not.toBeNull();

    const back = await restore(id);
    expect(back.status).toBe(200);
    expect(back.body.deletedAt ?? null).toBeNull();
    expect((await user.content(id)).toString()).toBe('some text');
    expect((await user.listAll({ trash: 'true' })).map((file) => file.id)).not.toContain(id);
  });

  test('for good takes it away, variants and all', async () => {
    const { id } = await user.upload(await fixture('photo.webp'), { name: 'photo.webp' });
    await user.processed(id);
    expect((await storedOf(stack, id)).length).toBeGreaterThan(4);
    expect((await remove(id, '?permanent=true')).status).toBe(204);
    expectProblem(await user.call('GET', `/api/files/${id}`), 404, 'not_found');
    expectProblem(await user.call('GET', `/api/files/${id}/content`), 404, 'not_found');
    expectProblem(await restore(id), 404, 'not_found');
    await untilGone(id);
    expect(await storedOf(stack, id)).toEqual([]);
  });

  test('for good works from the trash', async () => {
    const { id } = await text('twice-deleted.txt');
    await remove(id);
    expect((await remove(id, '?permanent=true')).status).toBe(204);
    expectProblem(await restore(id), 404, 'not_found');
    await untilGone(id);
  });
});

test('an account that is deleted takes its files along, uploads under way included', async () => {
  const email = `gone-${crypto.randomUUID()}@example.com`;
  const gone = await stack.api.signUp(email);
  const { id } = await gone.upload('some text', { name: 'gone.txt', type: 'text/plain' });
  const begun = await gone.begin({ name: 'under-way.txt', size: 9, contentType: 'text/plain' });
  await gone.put(begun.upload.url, 'some text', begun.upload.headers);
  expect((await stack.cli('admin', 'delete', email)).code).toBe(0);
  await untilGone(id);
  await untilGone(begun.file.id);
  expectProblem(await stack.api.call('POST', begun.confirmUrl), 404, 'not_found');
});

describe('the janitor', () => {
  test('says what it would do, and does nothing, with --dry-run', async () => {
    const id = await until(
      'a dry run to come by a file and leave it',
      async () => {
        const { id } = await text('dry.txt');
        await remove(id);
        await ageFile(stack, id, LONG);
        const { purged } = await sweep('--dry-run');
        return purged.trash.examples.includes(id) && (await hasRow(id)) && id;
      },
      { within: 60_000 },
    );
    expect((await user.file(id)).name).toBe('dry.txt');
  });

  describe('in a sweep', () => {
    let owner: string;
    let used: number;
    const files = {} as Record<'trashed' | 'expired' | 'unsent' | 'inParts' | 'sent', string>;

    beforeAll(async () => {
      user = await stack.api.signUp();
      owner = (await user.call('GET', '/api/auth/me')).body.id;
      files.trashed = (await text('trashed.txt', 'x'.repeat(1_000))).id;
      const expiresAt = new Date(Date.now() + DAY).toISOString();
      files.expired = (await user.upload('brief', { name: 'brief.txt', query: { expiresAt } })).id;
      files.unsent = (await user.begin({ name: 'unsent.txt', size: 1_000 })).file.id;
      files.inParts = (await user.begin({ name: 'parts.bin', size: 65 * 1024 ** 2 })).file.id;
      const { file, upload } = await user.begin({ name: 'lost.txt', size: 4, contentType: 'text/plain' });
      expect((await user.put(upload.url, 'lost', upload.headers)).status).toBe(200);
      files.sent = file.id;
      await remove(files.trashed);
      // In the trash it counts against the quota.
      ({ used } = await quotaOf(stack, owner));
      for (const id of Object.values(files)) await ageFile(stack, id, LONG);
      await until(
        'all to be settled',
        async () => {
          await sweep();
          const left = await Promise.all(Object.values(files).map(hasRow));
          return left.join() === 'false,false,false,false,true';
        },
        { within: 120_000 },
      );
    });

    test('purges files that are in the trash for long, or have expired', async () => {
      expect(used).toBe(1_005);
      expectProblem(await restore(files.trashed), 404, 'not_found');
      expectProblem(await user.call('GET', `/api/files/${files.expired}/content`), 404, 'not_found');
      for (const id of [files.trashed, files.expired]) expect(await storedOf(stack, id)).toEqual([]);
    });

    test('gives up uploads that were never sent', async () => {
      for (const id of [files.unsent, files.inParts]) {
        expectProblem(await user.call('GET', `/api/uploads/${id}`), 404, 'not_found');
        expect(await storedOf(stack, id)).toEqual([]);
      }
    });

    test('confirms an upload whose bytes are all there', async () => {
      expect((await user.file(files.sent)).status).toBe('uploaded');
      expect((await user.content(files.sent)).toString()).toBe('lost');
    });

    test('leaves nothing on the quota but what there is', async () => {
      expect(await quotaOf(stack, owner)).toEqual({ used: 4, held: 0 });
    });
  });
});
