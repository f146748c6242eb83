import { SimpleError } from '@redis/client';
import { describe, expect, test } from 'vitest';
import { isAway, isForgotten, isRefusing, lastingReason, openError, remedyOf } from './errors.ts';
import { parseTarget } from './target.ts';

const target = parseTarget('redis://me:secret@cache');

describe('what a server replies', () => {
  test.each([
    ["OOM command not allowed when used memory > 'maxmemory'. script: 0a, on @user_script:5.", 'maxmemory'],
    // As before Redis 7.
    [
      "ERR Error running script (call to f_0a): @user_script:5: @user_script: 5: -OOM command not allowed when used memory > 'maxmemory'.",
      'maxmemory',
    ],
    ['MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.', 'disk'],
    ['NOREPLICAS Not enough good replicas to write.', 'replicas'],
    ['NOPERM this user has no permissions to run the xadd command', 'permissions'],
  ])('says that it refuses: %s', (reply, remedy) => {
    const error = new SimpleError(reply);
    expect([isRefusing(error), isAway(error), isForgotten(error)]).toEqual([true, false, false]);
    expect(remedyOf(error)).toContain(remedy);
  });

  test.each(['LOADING Redis is loading the dataset in memory', 'READONLY no writes here', 'MOVED 1 127.0.0.1:7'])(
    'says that it is as good as away: %s',
    (reply) => {
      const error = new SimpleError(reply);
      expect([isRefusing(error), isAway(error), lastingReason(error, target)]).toEqual([false, true, undefined]);
    },
  );

  test.each([
    "NOGROUP No such key 'a' or consumer group 'g' in XREADGROUP with GROUP option",
    'ERR Error running script (call to f_0a): @user_script:3: @user_script: 3: -NOGROUP No such key',
    'UNBLOCKED the stream key no longer exists',
  ])('says that it has forgotten the group: %s', (reply) => {
    expect([isForgotten(new SimpleError(reply)), isAway(new SimpleError(reply))]).toEqual([true, false]);
  });

  test('is told to the operator in one line, whatever it is', () => {
    for (const reply of ['MOVED 1 10.0.0.1:7', 'LOADING x', 'ERR unknown command XADD\nmore', 'ERR odd\nmore']) {
      const { message } = openError(new SimpleError(reply), target);
      expect(message).toMatch(/^BROKER_URL: Redis at cache:6379 [^\n]+\.$/);
    }
    expect(openError(new SimpleError('MOVED 1 10.0.0.1:7'), target).message).toContain('one node of a cluster');
  });
});
