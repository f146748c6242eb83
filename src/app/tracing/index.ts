import type { Running } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import { makeSpansBy } from '../../base/tracing.ts';
import type { Config } from '../../config.ts';
import type { Plan } from '../plan.ts';

/** Sends spans to a collector, where one is set; otherwise nothing of it is loaded, and undefined is answered. */
export async function startTracing(
  { otlpEndpoint, otlpHeaders, otelServiceName, tracesRatio }: Config,
  { services, apart }: Plan,
  log: Logger,
): Promise<Running | undefined> {
  if (otlpEndpoint === undefined) return undefined;
  const { openOtlp } = await import('./otlp.ts');
  const { tracer, close } = openOtlp({
    endpoint: otlpEndpoint,
    headers: otlpHeaders ?? {},
    serviceName: otelServiceName ?? (apart ? `holdfast-${[...services].join('-')}` : 'holdfast'),
    ratio: tracesRatio,
    log,
  });
  makeSpansBy(tracer);
  return {
    async stop() {
      makeSpansBy(undefined);
      await close();
    },
  };
}
