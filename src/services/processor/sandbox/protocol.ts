import type { ErrorCode } from '../../../base/errors.ts';
import type { PictureLimits } from './picture.ts';
import type { MadeType } from './source.ts';

/** Names in the scratch folder of a child, which is its working directory. */
export const ORIGINAL = 'original';
export const outputName = (index: number): string => `made-${index}`;

/** The signal by which a child that took too much memory ends itself. */
export const MEMORY_SIGNAL = 'SIGUSR2';

export interface SandboxJob {
  readonly id: string;
  readonly processor: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What a child is told: to make these of the file in its scratch folder, or to show that everything works. */
export type Order =
  | {
      readonly order: 'process';
      readonly jobs: readonly SandboxJob[];
      readonly limits: PictureLimits;
    }
  | { readonly order: 'self-test' };

/** Bytes of an output, which lies in the scratch folder as `outputName(index of the job in the order)`. */
export interface MadeReport {
  readonly contentType: MadeType;
  readonly size: number;
  readonly width: number;
  readonly height: number;
  /** Of the bytes, in hex. */
  readonly sha256: string;
}

export interface FailedReport {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly permanent: boolean;
  /** For the log alone. */
  readonly detail?: string;
}

export interface SelfTestReport {
  /** Content types that were read, turned upright, and written or drawn as they should. */
  readonly works: readonly string[];
  readonly broken: readonly { readonly what: string; readonly problem: string }[];
}

/** What a child says. Jobs are known by their index in the order. */
export type Report =
  /** Warm, or done with an order and ready for the next. */
  | { readonly report: 'ready'; readonly rss: number }
  | { readonly report: 'started'; readonly job: number }
  | { readonly report: 'made'; readonly job: number; readonly made: MadeReport }
  | { readonly report: 'failed'; readonly job: number; readonly failed: FailedReport }
  | { readonly report: 'tested'; readonly result: SelfTestReport };
