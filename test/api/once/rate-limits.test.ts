import { expect, test } from 'vitest';
import { Api } from '../../harness/client.ts';
import { describeWithEngines } from '../../harness/engines/use.ts';
import { expectProblem } from '../../harness/problems.ts';
import { useStack } from '../../harness/stack.ts';
import { until } from '../../harness/until.ts';

const LIMIT = 100;

describeWithEngines(['postgres', 'redis'], 'two servers on one database', () => {
  const stack = useStack({
    database: 'postgres',
    broker: 'redis',
    instances: 2,
    env: { RATE_LIMIT_READS: `${LIMIT}/1h`, RATE_LIMIT_SIGN_IN: '1000/1h' },
  });

  test('count requests together: who has used up the limit at one is soon refused by the other', async () => {
    const user = await stack.api.signUp();
    const [one, other] = stack.servers.map(({ url }) => new Api(() => url, user.token)) as [Api, Api];
    const ask = (api: Api) => api.call('GET', '/api/usage');
    let letInByOther = 0;
    await until(
      'both to refuse',
      async () => {
        // Also where an hour has just begun.
        for (let index = 0; index <= LIMIT && (await ask(one)).status === 200; index++);
        const answer = await ask(other);
        if (answer.status === 200) letInByOther += 1;
        return answer.status === 429;
      },
      { every: 250, within: 60_000 },
    );
    expect(letInByOther).toBeLessThan(LIMIT);
    const refused = await ask(other);
    expectProblem(refused, 429, 'too_many_requests');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(refused.headers['ratelimit-policy']).toBe(`"reads";q=${LIMIT};w=3600`);
    const another = await stack.api.signUp();
    expect((await ask(another)).status).toBe(200);
  });
});
