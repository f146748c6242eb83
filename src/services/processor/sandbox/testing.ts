import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { PATIENCE } from '../../../../test/harness/patience.ts';
import { completeOptions } from '../processors/complete-options.ts';
import { processorNamed } from '../processors/index.ts';
import { type PoolOptions, SandboxPool } from './pool.ts';
import type { FailedReport, SandboxJob } from './protocol.ts';
import { type MadeOutput, type OrderCrash, runOrder } from './run-order.ts';
import { claimScratch, newFolder } from './scratch.ts';

export interface TestRun {
  /** In the order in which they were told of, with the bytes of what was made. */
  readonly outcomes: readonly (
    | { readonly id: string; readonly made: MadeOutput; readonly data: Buffer; readonly failed?: undefined }
    | { readonly id: string; readonly failed: FailedReport; readonly made?: undefined }
  )[];
  readonly crash: OrderCrash | undefined;
}

export interface TestRunOptions {
  readonly timeout?: number;
  readonly maxPixels?: number;
  readonly signal?: AbortSignal;
}

/** A pool of real sandbox processes in a temporary folder. */
export async function openTestPool(options: Partial<PoolOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-sandbox-'));
  const scratch = await claimScratch(folder);
  const pool = new SandboxPool({ size: 1, memory: 1024 ** 3, scratch, log: pino({ level: 'silent' }), ...options });
  return {
    pool,
    scratch,
    async run(file: Uint8Array, jobs: readonly SandboxJob[], options: TestRunOptions = {}): Promise<TestRun> {
      const outputs = await newFolder(scratch);
      const original = join(outputs, 'original');
      await writeFile(original, file);
      const reading: Promise<TestRun['outcomes'][number]>[] = [];
      const crash = await runOrder(
        pool,
        {
          original,
          outputs,
          jobs,
          limits: { maxPixels: options.maxPixels ?? 100_000_000, maxRasterBytes: 128 * 1024 ** 2 },
          timeout: options.timeout ?? 60_000 * PATIENCE,
        },
        {
          made: ({ id }, made) => reading.push(readFile(made.path).then((data) => ({ id, made, data }))),
          failed: ({ id }, failed) => reading.push(Promise.resolve({ id, failed })),
        },
        options.signal ?? new AbortController().signal,
      );
      return { outcomes: await Promise.all(reading), crash };
    },
    async close() {
      await pool.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type TestPool = Awaited<ReturnType<typeof openTestPool>>;

/** A job with its options completed, as files hands it out. */
export function job(processor: string, given: Readonly<Record<string, unknown>> = {}, id = processor): SandboxJob {
  const found = processorNamed(processor);
  if (!found) throw new Error(`There is no processor ${processor}`);
  const { options, problems } = completeOptions(found, given);
  if (!options) throw new Error(JSON.stringify(problems));
  return { id, processor, options };
}
