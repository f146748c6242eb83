import type { ErrorCode } from '../../../base/errors.ts';

/** Why a job failed. `reason` is read by the user; `cause` is for the log. */
export class ProcessError extends Error {
  readonly code: ErrorCode;
  readonly reason: string;
  /** Trying again would not help. */
  readonly permanent: boolean;

  constructor(
    code: ErrorCode,
    reason: string,
    { permanent = true, cause }: { permanent?: boolean; cause?: unknown } = {},
  ) {
    super(reason, cause === undefined ? undefined : { cause });
    this.name = 'ProcessError';
    this.code = code;
    this.reason = reason;
    this.permanent = permanent;
  }
}
