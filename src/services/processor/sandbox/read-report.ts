import { isErrorCode } from '../../../base/errors.ts';
import type { FailedReport, MadeReport, Report } from './protocol.ts';
import { EXTENSIONS } from './source.ts';

/**
 * Follows what a child says of an order and throws where it breaks the protocol: it parses what strangers sent, so
 * nothing that it says is taken on trust. Each job is started once, and then made or failed once.
 */
export class ReportReader {
  readonly #seen = new Set<number>();
  readonly #jobs: number;
  #current: number | undefined;

  constructor(jobs: number) {
    this.#jobs = jobs;
  }

  /** The job that the child is at. */
  get current(): number | undefined {
    return this.#current;
  }

  check(report: Report): void {
    switch (report.report) {
      case 'started':
        if (this.#current !== undefined || this.#seen.has(report.job) || !this.#isJob(report.job)) refuse(report);
        this.#seen.add(report.job);
        this.#current = report.job;
        return;
      case 'made':
        if (report.job !== this.#current || !isMade(report.made)) refuse(report);
        this.#current = undefined;
        return;
      case 'failed':
        if (report.job !== this.#current || !isFailed(report.failed)) refuse(report);
        this.#current = undefined;
        return;
      default:
        refuse(report);
    }
  }

  #isJob(job: unknown): boolean {
    return Number.isInteger(job) && (job as number) >= 0 && (job as number) < this.#jobs;
  }
}

function refuse(report: Report): never {
  throw new Error(`A sandbox process broke the protocol: ${JSON.stringify(report)?.slice(0, 500)}`);
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0;

const isMade = (made: MadeReport | undefined): boolean =>
  made !== undefined &&
  Object.hasOwn(EXTENSIONS, made.contentType) &&
  isCount(made.size) &&
  isCount(made.width) &&
  isCount(made.height) &&
  /^[0-9a-f]{64}$/.test(made.sha256);

const isFailed = (failed: FailedReport | undefined): boolean =>
  failed !== undefined &&
  typeof failed.code === 'string' &&
  isErrorCode(failed.code) &&
  typeof failed.reason === 'string' &&
  failed.reason.length <= 1000 &&
  typeof failed.permanent === 'boolean';
