import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { PictureLimits } from './picture.ts';
import type { SandboxPool } from './pool.ts';
import { type FailedReport, type MadeReport, ORIGINAL, outputName, type Report, type SandboxJob } from './protocol.ts';
import { ReportReader } from './read-report.ts';
import type { Crash, SandboxChild } from './sandbox-child.ts';

export interface SandboxOrder {
  /** The file. It is moved to the child, and back. */
  readonly original: string;
  /** A folder on the same disk for what is made. */
  readonly outputs: string;
  readonly jobs: readonly SandboxJob[];
  readonly limits: PictureLimits;
  /** Milliseconds that each job may take. */
  readonly timeout: number;
}

export interface MadeOutput extends MadeReport {
  readonly path: string;
  /** Milliseconds that the making took. */
  readonly duration: number;
}

export interface OrderEvents {
  /** The variant lies at `path`, which belongs to the listener from now on. */
  made(job: SandboxJob, made: MadeOutput): void;
  failed(job: SandboxJob, failed: FailedReport): void;
}

/** A child that died, and the job that it was at; undefined where it was at none yet. */
export interface OrderCrash extends Crash {
  readonly job: SandboxJob | undefined;
}

/**
 * Has a child of the pool do the jobs of a file. Resolves when it is through, or with how it died. Rejects where no
 * child can be had, where files cannot be moved, and when the signal fires: then the child is killed.
 */
export function runOrder(
  pool: SandboxPool,
  order: SandboxOrder,
  events: OrderEvents,
  signal: AbortSignal,
): Promise<OrderCrash | undefined> {
  return pool.withChild(signal, async (child) => {
    await child.give(order.original, ORIGINAL);
    const outcome = await follow(child, order, events, signal);
    await rename(join(child.folder, ORIGINAL), order.original);
    return outcome;
  });
}

async function follow(
  child: SandboxChild,
  { outputs, jobs, limits, timeout }: SandboxOrder,
  events: OrderEvents,
  signal: AbortSignal,
): Promise<OrderCrash | undefined> {
  const broken = new AbortController();
  const reader = new ReportReader(jobs.length);
  const moves: Promise<void>[] = [];
  let startedAt = performance.now();

  const onReport = (report: Report) => {
    if (broken.signal.aborted) return;
    try {
      reader.check(report);
    } catch (error) {
      broken.abort(error);
      return;
    }
    if (report.report === 'started') startedAt = performance.now();
    if (report.report === 'failed') events.failed(jobs[report.job] as SandboxJob, report.failed);
    if (report.report === 'made') {
      const duration = performance.now() - startedAt;
      moves.push(take(report.job, report.made, duration).catch((error) => broken.abort(error)));
    }
  };
  const take = async (index: number, made: MadeReport, duration: number) => {
    const job = jobs[index] as SandboxJob;
    const path = join(outputs, job.id);
    await rename(join(child.folder, outputName(index)), path);
    events.made(job, { ...made, path, duration });
  };

  const crash = await child.follow(
    { order: 'process', jobs, limits },
    timeout,
    onReport,
    AbortSignal.any([signal, broken.signal]),
  );
  await Promise.all(moves);
  signal.throwIfAborted();
  if (!crash) return undefined;
  const detail = broken.signal.aborted ? String(broken.signal.reason) : crash.detail;
  const job = reader.current === undefined ? undefined : jobs[reader.current];
  return { cause: crash.cause, detail, job };
}
