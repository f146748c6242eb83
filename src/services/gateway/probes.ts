import { HoldfastError, toHoldfastError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { Probe } from '../../base/probe.ts';

export interface Check {
  readonly status: 'ok' | 'failed';
  /** Milliseconds. */
  readonly duration: number;
  /** Why it failed, for a person. */
  readonly detail?: string;
}

export interface Readiness {
  readonly status: 'ready' | 'not_ready';
  readonly checks: Readonly<Record<string, Check>>;
}

interface Options {
  /** Milliseconds that a probe may take. */
  readonly deadline: number;
  /** Milliseconds for which an answer is given again: anybody may ask, and probes write. */
  readonly remember: number;
}

/** Asks all probes at once; who asks while it runs, or shortly after, gets the same answer. */
export function createReadiness(
  probes: Readonly<Record<string, Probe>>,
  log: Logger,
  { deadline, remember }: Options,
): () => Promise<Readiness> {
  let latest: Promise<Readiness> | undefined;
  let until = 0;

  const check = async (name: string, probe: Probe): Promise<Check> => {
    const started = performance.now();
    const duration = () => Math.round(performance.now() - started);
    try {
      await within(deadline, probe);
      return { status: 'ok', duration: duration() };
    } catch (error) {
      const { detail } = toHoldfastError(error);
      log.warn({ err: error, dependency: name, duration: duration() }, 'dependency is not ready');
      return { status: 'failed', duration: duration(), detail };
    }
  };
  const checkAll = async (): Promise<Readiness> => {
    const checked = await Promise.all(
      Object.entries(probes).map(async ([name, probe]) => [name, await check(name, probe)] as const),
    );
    until = performance.now() + remember;
    const ready = checked.every(([, { status }]) => status === 'ok');
    return { status: ready ? 'ready' : 'not_ready', checks: Object.fromEntries(checked) };
  };

  return () => {
    if (!latest || performance.now() > until) {
      until = Number.POSITIVE_INFINITY;
      latest = checkAll();
    }
    return latest;
  };
}

/** Also ends the wait for a probe that does not heed its signal. */
async function within(milliseconds: number, probe: Probe): Promise<void> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new HoldfastError('deadline_exceeded', 'It did not answer in time.');
      controller.abort(error);
      reject(error);
    }, milliseconds);
  });
  try {
    await Promise.race([probe(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
