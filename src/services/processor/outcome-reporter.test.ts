import { expect, test, vi } from 'vitest';
import { HoldfastError } from '../../base/errors.ts';
import type { CompleteJobsResponse, JobOutcome } from '../../contract/holdfast/internal/v1/work.ts';
import { OutcomeReporter } from './outcome-reporter.ts';

const outcome = (jobId: string): JobOutcome => ({ jobId });

function reporter(complete: (ids: string[]) => Promise<CompleteJobsResponse>) {
  const onCompleted = vi.fn();
  const onLost = vi.fn();
  const made = new OutcomeReporter({
    complete: (outcomes) => complete(outcomes.map(({ jobId }) => jobId)),
    onCompleted,
    onLost,
    retry: { base: 1, max: 1 },
  });
  return { made, onCompleted, onLost };
}

test('the first is told at once, and what comes meanwhile together', async () => {
  const told: string[][] = [];
  const first = Promise.withResolvers<CompleteJobsResponse>();
  const { made, onCompleted } = reporter((ids) => {
    told.push(ids);
    return told.length === 1 ? first.promise : Promise.resolve({ obsoleteKeys: ['old'] });
  });
  made.add(outcome('a'));
  expect(told).toEqual([['a']]);
  made.add(outcome('b'));
  made.add(outcome('c'));
  first.resolve({ obsoleteKeys: [] });
  await made.flush();
  expect(told).toEqual([['a'], ['b', 'c']]);
  expect(onCompleted).toHaveBeenLastCalledWith([outcome('b'), outcome('c')], { obsoleteKeys: ['old'] });
  made.add(outcome('d'));
  await made.flush();
  expect(told).toHaveLength(3);
});

test('a lost lease is told once with what was not written; after an unclear answer nothing is certain', async () => {
  const lost = new HoldfastError('lease_lost', 'Lost.');
  const plain = reporter(() => Promise.reject(lost));
  plain.made.add(outcome('a'));
  await plain.made.flush();
  expect(plain.onLost).toHaveBeenCalledExactlyOnceWith([outcome('a')], lost);

  let calls = 0;
  const unclear = reporter(() => {
    calls += 1;
    return Promise.reject(calls === 1 ? new HoldfastError('unavailable', 'The line broke.') : lost);
  });
  unclear.made.add(outcome('a'));
  await unclear.made.flush();
  expect(unclear.onLost).toHaveBeenCalledExactlyOnceWith([], lost);
});

test('what cannot be told in the end is thrown where it is waited for', async () => {
  const { made, onCompleted } = reporter(() => Promise.reject(new HoldfastError('unavailable', 'Not just now.')));
  made.add(outcome('a'));
  await expect(made.flush()).rejects.toMatchObject({ code: 'unavailable' });
  expect(onCompleted).not.toHaveBeenCalled();
});
