import { beforeAll, describe, expect, test } from 'vitest';
import type { Api } from '../harness/client.ts';
import { fixture } from '../harness/fixtures.ts';
import { query, quotaOf, storedFiles } from '../harness/inspect.ts';
import { expectProblem } from '../harness/problems.ts';
import { useStack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

// The clock of signed URLs may tick in whole seconds: they must live long enough to be used.
const stack = useStack({ env: { TRASH_RETENTION: '1s', UPLOAD_EXPIRY: '3s', CLEANUP_INTERVAL: '1h' } });
let user: Api;
let me: string;
beforeAll(async () => {
  user = await stack.api.signUp();
  me = (await user.call('GET', '/api/auth/me')).body.id;
});

const text = (name: string, content = 'some text') => user.upload(content, { name, type: 'text/plain' });
const remove = (id: string, how = '') => user.call('DELETE', `/api/files/${id}${how}`);
const restore = (id: string) => user.call('POST', `/api/files/${id}/restore`);
const sweep = async (...args: string[]) => {
  const { code, stdout, stderr } = await stack.cli('sweep', ...args);
  expect(code, `${stdout}${stderr}`).toBe(0);
  return stdout;
};
/** Sweeps until what was to go has gone: retention is measured in seconds here. */
const sweepUntilGone = (...ids: string[]) =>
  until(
    'the janitor to purge',
    async () => {
      await sweep();
      return (await query(stack, `SELECT 1 FROM files WHERE id IN (${ids.map((id) => `'${id}'`)})`)).length === 0;
    },
    { every: 1_000 },
  );

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

  test('counts against the quota until it is purged', async () => {
    const before = (await quotaOf(stack, me)).used;
    const { id } = await text('counted.txt', 'x'.repeat(1_000));
    await remove(id);
    expect((await quotaOf(stack, me)).used).toBe(before + 1_000);
    await sweepUntilGone(id);
    expect(await quotaOf(stack, me)).toEqual({ used: before, held: 0 });
  });

  test('for good takes it away, variants and all', async () => {
    const before = await storedFiles(stack);
    const { id } = await user.upload(await fixture('photo.webp'), { name: 'photo.webp' });
    await user.processed(id);
    expect((await storedFiles(stack)).length).toBeGreaterThan(before.length + 3);
    expect((await remove(id, '?permanent=true')).status).toBe(204);
    expectProblem(await user.call('GET', `/api/files/${id}`), 404, 'not_found');
    expectProblem(await user.call('GET', `/api/files/${id}/content`), 404, 'not_found');
    expectProblem(await restore(id), 404, 'not_found');
    await sweepUntilGone(id);
    expect(await storedFiles(stack)).toEqual(before);
  });

  test('for good works from the trash', async () => {
    const { id } = await text('twice-deleted.txt');
    await remove(id);
    expect((await remove(id, '?permanent=true')).status).toBe(204);
    expectProblem(await restore(id), 404, 'not_found');
  });
});

describe('the janitor', () => {
  test('says what it would do, and does nothing, with --dry-run', async () => {
    const { id } = await text('dry.txt');
    await remove(id);
    await until(
      'the retention to pass',
      () => sweep('--dry-run').then((said) => /from the trash would be/.test(said)),
      {
        every: 1_000,
      },
    );
    expect(await query(stack, 'SELECT id FROM files WHERE id = ?', id)).toHaveLength(1);
    await sweepUntilGone(id);
    expectProblem(await restore(id), 404, 'not_found');
  });

  test('purges files that have expired', async () => {
    const expiresAt = new Date(Date.now() + 1_000).toISOString();
    const { id } = await user.upload('brief', { name: 'brief.txt', query: { expiresAt } });
    await sweepUntilGone(id);
    expectProblem(await user.call('GET', `/api/files/${id}/content`), 404, 'not_found');
  });

  test('gives up uploads that were never confirmed, sent or not', async () => {
    const before = await storedFiles(stack);
    const unsent = await user.begin({ name: 'unsent.txt', size: 1_000 });
    const cut = await user.begin({ name: 'cut.txt', size: 6 });
    expect((await quotaOf(stack, me)).held).toBe(1_006);
    await sweepUntilGone(unsent.file.id, cut.file.id);
    expect((await quotaOf(stack, me)).held).toBe(0);
    expect(await storedFiles(stack)).toEqual(before);
  });

  test('confirms an upload whose bytes are all there', async () => {
    const { file, upload } = await user.begin({ name: 'lost.txt', size: 4, contentType: 'text/plain' });
    expect((await user.put(upload.url, 'lost', upload.headers)).status).toBe(200);
    await until(
      'the janitor to confirm',
      async () => {
        await sweep();
        return (await user.file(file.id)).status === 'uploaded';
      },
      { every: 1_000 },
    );
    expect((await user.content(file.id)).toString()).toBe('lost');
  });
});

describe('the janitor on its schedule', () => {
  const scheduled = useStack({ env: { TRASH_RETENTION: '1s', CLEANUP_INTERVAL: '1s' } });

  test('purges without being asked', async () => {
    const somebody = await scheduled.api.signUp();
    const { id } = await somebody.upload('brief', { name: 'brief.txt' });
    await somebody.expect(204, 'DELETE', `/api/files/${id}`);
    await until(
      'the file to be purged',
      async () => (await query(scheduled, 'SELECT 1 FROM files WHERE id = ?', id)).length === 0,
    );
  });
});
