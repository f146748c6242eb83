/**
 * Milliseconds to wait before try `attempt` + 1 (attempt from 1): exponential from `base`, at most `max`, with the
 * upper half left to chance so that many who failed together do not come back together.
 */
export function backoff(attempt: number, { base, max }: { base: number; max: number }, random = Math.random()): number {
  const ceiling = Math.min(max, base * 2 ** Math.min(attempt - 1, 30));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
