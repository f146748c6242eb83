import { meter } from '../base/metrics.ts';

const NAMES = {
  server: ['rpc.server.call.duration', 'How long calls took to answer.'],
  client: ['rpc.client.call.duration', 'How long calls to other services took, tries again included.'],
} as const;

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Measures the calls of one method: when a call began (`performance.now()`), and `ok` or a code of the error table. */
export function callMeter(side: 'server' | 'client', path: string): (started: number, code: string) => void {
  const [name, description] = NAMES[side];
  const durations = meter.createHistogram(name, {
    unit: 's',
    description,
    advice: { explicitBucketBoundaries: BUCKETS },
  });
  const method = path.slice(1);
  const attributes = new Map<string, Record<string, string>>();
  return (started, code) => {
    let known = attributes.get(code);
    if (!known) {
      known = { 'rpc.method': method, code };
      attributes.set(code, known);
    }
    durations.record((performance.now() - started) / 1000, known);
  };
}

/** Calls that were tried again. */
export const countRetry = (path: string): void => retries.add(1, { 'rpc.method': path.slice(1) });

const retries = meter.createCounter('rpc.client.retries', { description: 'Calls that were tried again.' });
