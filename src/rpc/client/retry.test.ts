import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CallContext, derived, serviceContext, withTimeout } from '../../base/context.ts';
import { type ErrorCode, HoldfastError } from '../../base/errors.ts';
import { EchoDefinition, type EchoService, echo } from '../conformance/echo.ts';
import { listeningLog } from '../testing/log.ts';
import { everybody, TestMesh } from '../testing/mesh.ts';
import { RetryBudget } from './budget.ts';

const access = everybody(EchoDefinition, { gateway: {} });
const { log } = listeningLog();
const context = serviceContext('gateway', log, 'request-1');
let mesh: TestMesh;
let client: EchoService;
/** What the service answers, one after another; nothing is a success. */
let errors: HoldfastError[] = [];
let made = 0;

beforeEach(async () => {
  errors = [];
  made = 0;
  mesh = await TestMesh.open();
  const { port } = await mesh.serve(
    'files',
    EchoDefinition,
    echo(async () => {
      made += 1;
      const error = errors.shift();
      if (error) throw error;
      return { made };
    }),
    { access },
  );
  client = (await mesh.connect('gateway', 'files', [port])).client(EchoDefinition);
});
afterEach(() => mesh.close());

const failing = (times: number, code: ErrorCode = 'unavailable', extras = {}) => {
  errors = Array.from({ length: times }, () => new HoldfastError(code, 'Not now.', extras));
};
const failed = (call: Promise<unknown>) => expect(call).rejects.toMatchObject({ detail: 'Not now.' });

describe('a call is tried again', () => {
  test('when it may be repeated and nobody was there to answer', async () => {
    failing(2);
    expect(await client.ask({}, context)).toEqual({ made: 3 });
  });

  test('three times at most', async () => {
    failing(10);
    await failed(client.ask({}, context));
    expect(made).toBe(3);
  });

  test('when the service says it should, if that is soon', async () => {
    failing(1, 'unavailable', { retryAfter: 0.01 });
    expect(await client.ask({}, context)).toEqual({ made: 2 });
    failing(1, 'unavailable', { retryAfter: 60 });
    await failed(client.ask({}, context));
    expect(made).toBe(3);
  });
});

describe('a call is not tried again', () => {
  test('when it may not be repeated', async () => {
    failing(1);
    await failed(client.change({}, context));
    expect(made).toBe(1);
  });

  test.each<ErrorCode>(['internal', 'conflict', 'not_found', 'too_many_requests', 'deadline_exceeded', 'upload_busy'])(
    'when it was answered: %s',
    async (code) => {
      failing(1, code);
      await failed(client.ask({}, context));
      expect(made).toBe(1);
    },
  );

  test('when there is no time for it', async () => {
    failing(1, 'unavailable', { retryAfter: 1.5 });
    await failed(client.ask({}, withTimeout(context, 1_000)));
    expect(made).toBe(1);
  });

  test('when its caller went away in the meantime', async () => {
    const caller = new AbortController();
    failing(10, 'unavailable', { retryAfter: 1.9 });
    const given: CallContext = derived(context, { signal: caller.signal });
    const call = client.ask({}, given);
    await expect.poll(() => made).toBe(1);
    caller.abort();
    await expect(call).rejects.toMatchObject({ code: 'cancelled' });
    expect(made).toBe(1);
  });

  test('when the budget is used up, until calls have succeeded', async () => {
    failing(1_000);
    const calls = Array.from({ length: 20 }, () => failed(client.ask({}, context)));
    await Promise.all(calls);
    // 20 calls, and 10 tries again in place of 40.
    expect(made).toBe(30);
    errors = [];
    for (let times = 0; times < 10; times++) await client.ask({}, context);
    failing(2);
    made = 0;
    await failed(client.ask({}, context));
    expect(made).toBe(2);
  });
});

test('the budget is ten to begin with, and one for ten calls that succeed', () => {
  const budget = new RetryBudget();
  const spent = () => {
    let times = 0;
    while (budget.spend()) times += 1;
    return times;
  };
  expect(spent()).toBe(10);
  for (let times = 0; times < 35; times++) budget.earn();
  expect(spent()).toBe(3);
  for (let times = 0; times < 1_000; times++) budget.earn();
  expect(spent()).toBe(10);
});
