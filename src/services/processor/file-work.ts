import { rm } from 'node:fs/promises';
import { bound } from '../../base/tracing.ts';
import type { ClaimedJob, JobFailure, JobOutcome } from '../../contract/holdfast/internal/v1/work.ts';
import { failureOfCrash, failureOfError } from './failures.ts';
import { fetchOriginal, refuseSize } from './original.ts';
import { OutcomeReporter } from './outcome-reporter.ts';
import type { SandboxJob } from './sandbox/protocol.ts';
import { type MadeOutput, type OrderCrash, runOrder } from './sandbox/run-order.ts';
import { newFolder } from './sandbox/scratch.ts';
import { deleteQuietly, storeVariant } from './store-variant.ts';
import type { Claim, WorkDeps } from './work-on-file.ts';

/** Part of a child's memory that a decoded picture may take while it is kept for further variants. */
const RASTER_PART = 1 / 8;

/** The claimed jobs of one file: the original fetched once, each variant stored and reported as soon as it is made. */
export class FileWork {
  readonly #deps: WorkDeps;
  readonly #claimed: Claim;
  readonly #lost: AbortController;
  readonly #reporter: OutcomeReporter;
  readonly #stores: Promise<void>[] = [];
  /** Jobs whose end is known, by id; the others are still to be run. */
  readonly #ended = new Set<string>();

  /** `lost` is aborted where a report finds that the lease is gone. */
  constructor(deps: WorkDeps, claimed: Claim, lost: AbortController) {
    this.#deps = deps;
    this.#claimed = claimed;
    this.#lost = lost;
    const { fileId, claim, context } = claimed;
    const { objects, log } = deps;
    const onError = (err: unknown) => log.warn({ err }, 'an object that is not needed any more could not be deleted');
    this.#reporter = new OutcomeReporter({
      complete: (outcomes) => deps.work.completeJobs({ fileId, leaseToken: claim.leaseToken, outcomes }, context()),
      onCompleted: (outcomes, { obsoleteKeys }) => {
        for (const outcome of outcomes) this.#log(outcome);
        void deleteQuietly(objects, obsoleteKeys, onError);
      },
      onLost: (untold, error) => {
        lost.abort(error);
        const keys = untold.flatMap(({ variant }) => variant?.key ?? []);
        void deleteQuietly(objects, keys, onError);
      },
    });
  }

  /** Throws the signal's reason, and where outcomes could not be reported. */
  async run(signal: AbortSignal): Promise<void> {
    const { objects, settings, scratch } = this.#deps;
    const { claim } = this.#claimed;
    let folder: string | undefined;
    try {
      refuseSize(claim.contentType, claim.size, settings);
      folder = await newFolder(scratch);
      const original = await fetchOriginal(objects, claim, folder, signal);
      await this.#runAll(original, folder, signal);
    } catch (error) {
      if (!signal.aborted) this.#failRest(claim.jobs, error);
    }
    await Promise.all(this.#stores);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    await this.#reporter.flush();
    signal.throwIfAborted();
    this.#lost.signal.throwIfAborted();
  }

  /** All in one child; after a child has died, each in one of its own. */
  async #runAll(original: string, outputs: string, signal: AbortSignal): Promise<void> {
    const { jobs, apart } = this.#claimed.claim;
    const orders = apart ? jobs.map((job) => [job]) : [jobs];
    for (let order = orders.shift(); order; order = orders.shift()) {
      const crash = await this.#runOrder({ original, outputs }, order, signal);
      const unended = order.filter(({ id }) => !this.#ended.has(id));
      const blamed = unended.find(({ id }) => id === crash?.job?.id) ?? unended[0];
      if (!blamed) continue;
      this.#fail(blamed, this.#failureOfDeath(crash));
      orders.unshift(...unended.filter((job) => job !== blamed).map((job) => [job]));
    }
  }

  #failureOfDeath(crash: OrderCrash | undefined): JobFailure {
    // A child that is through and did not tell of a job is as good as dead.
    const death = crash ?? { cause: 'crash', detail: 'it did not tell of a job' };
    this.#deps.log.warn({ cause: death.cause, detail: death.detail }, 'a sandbox process died');
    return failureOfCrash(death, this.#deps.settings);
  }

  #runOrder(
    files: { original: string; outputs: string },
    jobs: readonly ClaimedJob[],
    signal: AbortSignal,
  ): Promise<OrderCrash | undefined> {
    const { pool, settings } = this.#deps;
    const byId = (job: SandboxJob) => jobs.find(({ id }) => id === job.id) as ClaimedJob;
    return runOrder(
      pool,
      {
        ...files,
        jobs: jobs.map(({ id, processor, options = {} }) => ({ id, processor, options })),
        limits: { maxPixels: settings.maxPixels, maxRasterBytes: settings.jobMemory * RASTER_PART },
        timeout: settings.jobTimeout,
      },
      {
        made: bound((job, made) => {
          this.#ended.add(job.id);
          this.#stores.push(this.#store(byId(job), made, signal));
        }),
        failed: bound((job, { code, reason, permanent, detail }) => {
          if (detail !== undefined) this.#deps.log.debug({ job_id: job.id, code, detail }, 'a job failed');
          this.#fail(byId(job), { code, reason, permanent, crashed: false });
        }),
      },
      signal,
    );
  }

  async #store(job: ClaimedJob, made: MadeOutput, signal: AbortSignal): Promise<void> {
    const { objects, log } = this.#deps;
    try {
      const key = await storeVariant(objects, job.keyStem, made, signal);
      const { contentType, size, width, height, sha256, duration } = made;
      const variant = { key, contentType, size, width, height, sha256, duration: toDuration(duration) };
      this.#reporter.add({ jobId: job.id, variant });
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ err: error, job_id: job.id }, 'a variant could not be stored');
      this.#reporter.add({ jobId: job.id, failure: failureOfError(error) });
    }
  }

  #fail(job: ClaimedJob, failure: JobFailure): void {
    this.#ended.add(job.id);
    this.#reporter.add({ jobId: job.id, failure });
  }

  #failRest(jobs: readonly ClaimedJob[], error: unknown): void {
    const failure = failureOfError(error);
    this.#deps.log.warn({ err: error, code: failure.code }, 'a file could not be processed');
    for (const job of jobs) if (!this.#ended.has(job.id)) this.#fail(job, failure);
  }

  #log({ jobId, variant, failure }: JobOutcome): void {
    const job = this.#claimed.claim.jobs.find(({ id }) => id === jobId);
    const fields = { job_id: jobId, type: job?.type, attempt: job?.attempt };
    const { log } = this.#deps;
    if (variant) log.info({ ...fields, duration: toMilliseconds(variant), size: variant.size }, 'variant made');
    if (failure) log.warn({ ...fields, code: failure.code, permanent: failure.permanent }, 'job failed');
  }
}

const toDuration = (milliseconds: number) => {
  const whole = Math.round(milliseconds);
  return { seconds: Math.floor(whole / 1000), nanos: (whole % 1000) * 1e6 };
};

const toMilliseconds = ({ duration }: NonNullable<JobOutcome['variant']>): number =>
  duration ? duration.seconds * 1000 + duration.nanos / 1e6 : 0;
