import { expect, test } from 'vitest';
import { HoldfastError } from '../../base/errors.ts';
import { failureOfCrash, failureOfError } from './failures.ts';
import { ProcessError } from './sandbox/process-error.ts';

const LIMITS = { jobTimeout: 90_000, jobMemory: 512 * 1024 ** 2 };

test.each([
  ['timeout', 'job_timeout', 'Processing took longer than 90 s.'],
  ['memory', 'out_of_memory', 'Processing needed more memory than 512 MiB.'],
  ['crash', 'processor_crashed', 'Processing ended unexpectedly.'],
] as const)('a process that died of %s may do better another time, apart', (cause, code, reason) => {
  expect(failureOfCrash({ cause, detail: 'secret detail' }, LIMITS)).toEqual({
    code,
    reason,
    permanent: false,
    crashed: true,
  });
});

test('what is not the file’s fault is tried again, and says nothing of the inside', () => {
  const errors = [
    [new HoldfastError('unavailable', 'bucket down'), 'unavailable'],
    [Object.assign(new Error('ENOSPC: /data/scratch'), { code: 'ENOSPC' }), 'storage_full'],
    [new TypeError('x of undefined'), 'internal'],
    [new HoldfastError('not_found', 'no key'), 'not_found'],
  ] as const;
  for (const [error, code] of errors) {
    const failure = failureOfError(error);
    expect(failure).toMatchObject({ code, permanent: false, crashed: false });
    expect(failure.reason).toMatch(/^The .*\.$/);
    expect(failure.reason).not.toContain(error.message);
  }
});

test('what is the file’s fault is said as it is', () => {
  const error = new ProcessError('not_processable', 'The file is too large.');
  expect(failureOfError(error)).toEqual({
    code: 'not_processable',
    reason: 'The file is too large.',
    permanent: true,
    crashed: false,
  });
});
