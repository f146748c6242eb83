import type { Probe } from '../base/probe.ts';

/** Milliseconds that a dependency has to answer. */
const DEADLINE = 5_000;

/** Asks each whether it can be used: null where it can, otherwise why not. */
export async function askAll(
  probes: Readonly<Record<string, Probe>>,
  signal: AbortSignal,
): Promise<Record<string, string | null>> {
  const answers = await Promise.all(
    Object.entries(probes).map(async ([name, probe]) => [name, await ask(probe, signal)] as const),
  );
  return Object.fromEntries(answers);
}

async function ask(probe: Probe, signal: AbortSignal): Promise<string | null> {
  try {
    await probe(AbortSignal.any([signal, AbortSignal.timeout(DEADLINE)]));
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
