import { availableParallelism } from 'node:os';
import { HoldfastError } from '../../base/errors.ts';
import type { Running } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import type { ProcessorDeps, ProcessorSettings, StopOptions } from './deps.ts';
import { SandboxPool } from './sandbox/pool.ts';
import type { SelfTestReport } from './sandbox/protocol.ts';
import { runSelfTest } from './sandbox/run-self-test.ts';
import { claimScratch, newFolder } from './sandbox/scratch.ts';
import { startWorkLoop } from './work-loop.ts';

export { createCatalog } from './catalog.ts';
export type { ProcessorSettings } from './deps.ts';
export { loadPresets, type Preset, PresetsError, parsePresets } from './presets.ts';
export { optionsOf } from './processors/complete-options.ts';
export { PROCESSABLE_TYPES, PROCESSORS } from './processors/index.ts';

export interface Processor {
  /** Begins to take work. What every format needs is tested meanwhile, and said in the log. */
  start(options: StopOptions): Promise<Running>;
  /** Throws `unavailable` where files cannot be processed. */
  probe(signal: AbortSignal): Promise<void>;
}

export function createProcessor(deps: ProcessorDeps): Processor {
  const { settings, log } = deps;
  let pool: SandboxPool | undefined;

  return {
    async start(options) {
      const scratch = await claimScratch(settings.scratchDir);
      const started = await openPool(settings, scratch, log);
      pool = started;
      const loop = await startWorkLoop({ ...deps, ...options, pool, scratch });
      const stopping = new AbortController();
      void logSelfTest(started, log, stopping.signal);
      return {
        async stop() {
          stopping.abort();
          await loop.stop();
          await started.close();
        },
      };
    },

    async probe(signal) {
      if (!pool) throw new HoldfastError('unavailable', 'Processing has not been started.');
      await pool.ready(signal);
    },
  };
}

/** Starts a sandbox and shows which formats work in it, for whoever examines an installation. */
export async function selfTest(settings: ProcessorSettings, log: Logger, signal: AbortSignal): Promise<SelfTestReport> {
  const pool = await openPool(settings, await claimScratch(settings.scratchDir), log);
  try {
    return await runSelfTest(pool, signal);
  } finally {
    await pool.close();
  }
}

async function openPool(
  { concurrency, jobMemory }: ProcessorSettings,
  scratch: string,
  log: Logger,
): Promise<SandboxPool> {
  return new SandboxPool({
    size: Math.min(concurrency, availableParallelism()),
    memory: jobMemory,
    scratch: await newFolder(scratch),
    log,
  });
}

async function logSelfTest(pool: SandboxPool, log: Logger, signal: AbortSignal): Promise<void> {
  try {
    const { works, broken } = await runSelfTest(pool, signal);
    if (broken.length === 0) log.info({ formats: works }, 'all formats can be processed');
    else log.error({ formats: works, broken }, 'some formats cannot be processed: install the dependencies again');
  } catch (error) {
    if (!signal.aborted) log.error({ err: error }, 'files cannot be processed: install the dependencies again');
  }
}
