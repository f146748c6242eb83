import { HoldfastError } from '../../../base/errors.ts';
import type { SandboxPool } from './pool.ts';
import type { SelfTestReport } from './protocol.ts';

const TIMEOUT = 60_000;

/** Has a child of the pool show that everything works. Throws where it cannot. */
export function runSelfTest(pool: SandboxPool, signal: AbortSignal): Promise<SelfTestReport> {
  return pool.withChild(signal, async (child) => {
    let result: SelfTestReport | undefined;
    const crash = await child.follow(
      { order: 'self-test' },
      TIMEOUT,
      (report) => {
        if (report.report === 'tested') result = report.result;
      },
      signal,
    );
    signal.throwIfAborted();
    if (!result) throw new HoldfastError('internal', `The self-test did not end: ${crash?.detail}`);
    return result;
  });
}
