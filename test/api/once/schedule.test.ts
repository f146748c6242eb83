import { describe, expect, test } from 'vitest';
import { query } from '../../harness/inspect.ts';
import { useStack } from '../../harness/stack.ts';
import { until } from '../../harness/until.ts';

describe('the janitor on its schedule', () => {
  const stack = useStack({ env: { TRASH_RETENTION: '1s', CLEANUP_INTERVAL: '1s' } });

  test('purges without being asked', async () => {
    const user = await stack.api.signUp();
    const { id } = await user.upload('brief', { name: 'brief.txt' });
    await user.expect(204, 'DELETE', `/api/files/${id}`);
    await until(
      'the file to be purged',
      async () => (await query(stack, 'SELECT 1 FROM files WHERE id = ?', id)).length === 0,
    );
    expect((await user.call('GET', `/api/files/${id}`)).status).toBe(404);
  });
});
