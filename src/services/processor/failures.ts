import { type HoldfastError, hasCode, toHoldfastError } from '../../base/errors.ts';
import { formatSize } from '../../base/units.ts';
import type { JobFailure } from '../../contract/holdfast/internal/v1/work.ts';
import { ProcessError } from './sandbox/process-error.ts';
import type { Crash } from './sandbox/sandbox-child.ts';

export interface FailureLimits {
  /** Milliseconds. */
  readonly jobTimeout: number;
  /** Bytes. */
  readonly jobMemory: number;
}

/** A child that died: it may have been a passing trouble, and it may have been this job. */
export function failureOfCrash({ cause }: Crash, { jobTimeout, jobMemory }: FailureLimits): JobFailure {
  const failure = { permanent: false, crashed: true };
  switch (cause) {
    case 'timeout':
      return {
        ...failure,
        code: 'job_timeout',
        reason: `Processing took longer than ${Math.round(jobTimeout / 1000)} s.`,
      };
    case 'memory':
      return {
        ...failure,
        code: 'out_of_memory',
        reason: `Processing needed more memory than ${formatSize(jobMemory)}.`,
      };
    case 'crash':
      return { ...failure, code: 'processor_crashed', reason: 'Processing ended unexpectedly.' };
  }
}

/** What kept us from working: the store, the disk, ourselves; the file only where a `ProcessError` says so. */
export function failureOfError(error: unknown): JobFailure {
  if (error instanceof ProcessError) {
    const { code, reason, permanent } = error;
    return { code, reason, permanent, crashed: false };
  }
  const known: HoldfastError = toHoldfastError(error);
  const reason = hasCode(known, 'not_found')
    ? 'The bytes of the file could not be found.'
    : 'The file could not be processed just now.';
  return { code: known.code, reason, permanent: false, crashed: false };
}
