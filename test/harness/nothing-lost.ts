import { expect } from 'vitest';
import type { Api } from './client.ts';
import type { Answer } from './http.ts';
import { type Installation, query, quotaOf, storedFiles } from './inspect.ts';
import { expectProblem } from './problems.ts';
import type { Stack } from './stack.ts';
import { until } from './until.ts';

/** A user of a stack that has nothing else to do, who has a file already. */
export interface Witness {
  readonly stack: Pick<Stack, 'api'> & Installation;
  readonly user: Api;
  readonly id: string;
  /** The file, which holds "kept". */
  readonly kept: string;
}

export async function witnessOn(stack: Witness['stack']): Promise<Witness> {
  await idle(stack);
  const user = await stack.api.signUp();
  const { id } = (await user.call('GET', '/api/auth/me')).body;
  const kept = (await user.upload('kept', { name: 'kept.txt', type: 'text/plain' })).id;
  return { stack, user, id, kept };
}

/** Resolves when no file is processed any more and none is to be purged: nothing changes then that nobody asks for. */
const idle = (stack: Installation) =>
  until(
    'the stack to be idle',
    async () => {
      const busy = await query(
        stack,
        `SELECT id FROM processing_jobs WHERE state IN ('queued', 'running', 'failed')
         UNION ALL SELECT id FROM files WHERE purge_reason IS NOT NULL`,
      );
      return busy.length === 0;
    },
    { within: 120_000, every: 100 },
  );

const present = async ({ stack, user, id }: Witness) => ({
  stored: await storedFiles(stack),
  quota: await quotaOf(stack, id),
  rows: await query(stack, 'SELECT id, status, purge_reason FROM files WHERE purge_reason IS NULL ORDER BY id'),
  list: await user.listAll(),
});

/** Does something that must fail, and makes sure that all is then as it was before: bytes, quota, rows and list. */
export async function nothingLost(witness: Witness, fail: () => Promise<unknown>): Promise<void> {
  const before = await present(witness);
  await fail();
  let after = await present(witness);
  await until('all to be as before', async () => {
    after = await present(witness);
    return JSON.stringify(after) === JSON.stringify(before);
  }).catch(() => expect(after).toEqual(before));
  expect((await witness.user.content(witness.kept)).toString()).toBe('kept');
}

/** Sends what must be refused with this status and code, and makes sure that all is then as it was before. */
export const refusedWith = (witness: Witness, status: number, code: string, send: () => Promise<Answer>) =>
  nothingLost(witness, async () => expectProblem(await send(), status, code));
