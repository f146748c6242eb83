import { serviceContext } from '../../base/context.ts';
import { newId } from '../../base/ids.ts';
import { keepLease } from '../../base/keep-lease.ts';
import { logFailure } from '../../base/log-failure.ts';
import { traced } from '../../base/tracing.ts';
import type { ClaimJobsResponse } from '../../contract/holdfast/internal/v1/work.ts';
import type { ProcessorDeps } from './deps.ts';
import { FileWork } from './file-work.ts';
import { isLost } from './lease.ts';
import type { SandboxPool } from './sandbox/pool.ts';

export interface WorkDeps extends Pick<ProcessorDeps, 'work' | 'objects' | 'settings' | 'log'> {
  readonly pool: SandboxPool;
  /** A folder for originals and what is made of them. */
  readonly scratch: string;
}

/** Milliseconds that a call may take. */
const CALL_TIMEOUT = 30_000;

/**
 * Claims a file's due jobs and sees them through. Resolves when all are done, given up, or handed back; throws where
 * nothing could be claimed. When the signal fires, what is not done is handed back.
 */
export async function workOnFile(deps: WorkDeps, fileId: string, signal: AbortSignal): Promise<void> {
  const requestId = newId();
  const log = deps.log.child({ request_id: requestId, file_id: fileId });
  // Calls that report or hand back are made also when everything else is being stopped.
  const context = () => serviceContext('processor', log, requestId, AbortSignal.timeout(CALL_TIMEOUT));
  // Where no child can be had, the jobs are left to those who have one.
  await deps.pool.ready(signal);
  signal.throwIfAborted();
  const claim = await deps.work.claimJobs({ fileId }, context());
  if (claim.jobs.length === 0) return;
  const attributes = {
    'holdfast.file_id': fileId,
    'holdfast.jobs': claim.jobs.length,
    'holdfast.request_id': requestId,
  };
  await traced('jobs of a file', { kind: 'internal', root: true, attributes }, () =>
    seeThrough({ ...deps, log }, { fileId, claim, context }, signal),
  );
}

export interface Claim {
  readonly fileId: string;
  readonly claim: ClaimJobsResponse;
  readonly context: () => ReturnType<typeof serviceContext>;
}

async function seeThrough(deps: WorkDeps, claimed: Claim, signal: AbortSignal): Promise<void> {
  const { work, log } = deps;
  const { fileId, claim, context } = claimed;
  const { leaseToken } = claim;
  const lost = new AbortController();
  const lease = keepLease({
    duration: claim.leaseSeconds * 1000,
    extend: () => work.extendLease({ fileId, leaseToken }, context()),
    isLost,
    onLost: (error) => lost.abort(error),
    onError: (error) => logFailure(log, error, 'a lease could not be extended; trying again'),
  });
  try {
    await new FileWork(deps, claimed, lost).run(AbortSignal.any([signal, lost.signal]));
  } catch (error) {
    if (lost.signal.aborted) {
      log.warn({ err: lost.signal.reason }, 'work was lost to another, or its file is gone');
    } else if (signal.aborted) {
      await work.releaseJobs({ fileId, leaseToken }, context());
      log.info('work was handed back');
    } else {
      // Its lease runs out, and the jobs come back.
      logFailure(log, error, 'work could not be reported');
    }
  } finally {
    lease.letGo();
  }
}
