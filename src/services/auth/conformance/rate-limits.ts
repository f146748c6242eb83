import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Ground } from './ground.ts';

const HOUR = 3600_000;
const newKey = () => `${randomBytes(16).toString('base64url')}.soon`;

/** What gateways have counted, put together. */
export function rateLimitLaws(ground: Ground): void {
  const add = (counts: readonly (readonly [key: string, count: number])[], endsAt = new Date(Date.now() + HOUR)) =>
    ground.rateLimits.addRequests(
      { counts: counts.map(([key, count]) => ({ key, count, endsAt })) },
      ground.as({ kind: 'service', name: 'gateway' }),
    );

  test('requests of all gateways are added up, each by its key', async () => {
    const keys = Array.from({ length: 40 }, newKey);
    const [first = '', second = ''] = keys;
    expect(await add([[first, 3]])).toEqual({ totals: [3] });
    const told = await add([
      [second, 5],
      [first, 4],
    ]);
    expect(told).toEqual({ totals: [5, 7] });
    // In whichever order they come.
    const all = keys.map((key) => [key, 1] as const);
    await Promise.all(Array.from({ length: 10 }, (_, turn) => add(turn % 2 ? all : all.toReversed())));
    expect(await add(keys.map((key) => [key, 0]))).toEqual({ totals: [17, 15, ...keys.slice(2).map(() => 10)] });
  });

  test('what could not be counts is refused, and nobody but services may say them', async () => {
    const key = newKey();
    const pairs = [
      [],
      [['', 1]],
      [['x'.repeat(65), 1]],
      [['a b', 1]],
      [[key, -1]],
      [
        [key, 1],
        [key, 1],
      ],
      Array.from({ length: 1_001 }, () => [newKey(), 1]),
    ] as (readonly [string, number])[][];
    for (const counts of pairs) await expect(add(counts)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await add([[key, 1]])).toEqual({ totals: [1] });
    const user = await ground.account();
    const request = { counts: [{ key, count: 1, endsAt: new Date() }] };
    for (const context of [ground.anonymous, ground.asUser(user)]) {
      await expect(ground.rateLimits.addRequests(request, context)).rejects.toMatchObject({ code: 'forbidden' });
    }
  });

  test('windows that are over are forgotten', async () => {
    const [over, now] = [newKey(), newKey()];
    await add([[over, 1]], new Date(Date.now() - HOUR));
    await add([[now, 1]]);
    await ground.maintenance.pruneAccounts({ dryRun: true }, ground.service);
    expect(await add([[over, 1]], new Date(Date.now() - HOUR))).toEqual({ totals: [2] });
    await ground.maintenance.pruneAccounts({ dryRun: false }, ground.service);
    expect(await add([[over, 0]], new Date(Date.now() - HOUR))).toEqual({ totals: [0] });
    expect(await add([[now, 1]])).toEqual({ totals: [2] });
  });
}
