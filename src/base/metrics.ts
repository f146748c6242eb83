import type { Meter } from '@opentelemetry/api';
import { MeterProvider, type MetricData, MetricReader, type ResourceMetrics } from '@opentelemetry/sdk-metrics';

/** Collects when somebody asks. */
class OnRequest extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

const reader = new OnRequest();

/** Instruments of the whole process. Names and units as in OpenTelemetry's conventions: `http.server.request.duration`, s. */
export const meter: Meter = new MeterProvider({ readers: [reader] }).getMeter('holdfast');

export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Everything measured so far, in the text format of Prometheus. */
export async function renderMetrics(): Promise<string> {
  const { PrometheusSerializer } = await import('@opentelemetry/exporter-prometheus');
  const { resourceMetrics } = await reader.collect();
  return new PrometheusSerializer(undefined, false, undefined, true, true).serialize(withUnits(resourceMetrics));
}

const UNITS: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes' };

/** Prometheus has the unit in the name (`…_duration_seconds`), which the serializer leaves out. */
function withUnits({ resource, scopeMetrics }: ResourceMetrics): ResourceMetrics {
  const named = (metric: MetricData): MetricData => {
    const unit = UNITS[metric.descriptor.unit];
    if (unit === undefined) return metric;
    return { ...metric, descriptor: { ...metric.descriptor, name: `${metric.descriptor.name}.${unit}`, unit } };
  };
  return {
    resource,
    scopeMetrics: scopeMetrics.map(({ scope, metrics }) => ({ scope, metrics: metrics.map(named) })),
  };
}

let observing = false;

/** Measures the process itself from now on. Safe to call again. */
export function observeProcess(): void {
  if (observing) return;
  observing = true;
  meter
    .createObservableGauge('process.memory.usage', { unit: 'By', description: 'Memory that the process has in RAM.' })
    .addCallback((result) => result.observe(process.memoryUsage.rss()));
  meter
    .createObservableCounter('process.cpu.time', { unit: 's', description: 'CPU time that the process took.' })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe(user / 1e6, { mode: 'user' });
      result.observe(system / 1e6, { mode: 'system' });
    });
  let before = performance.eventLoopUtilization();
  meter
    .createObservableGauge('nodejs.eventloop.utilization', {
      unit: '1',
      description: 'How busy the event loop was, from 0 to 1, since this was last read.',
    })
    .addCallback((result) => {
      const now = performance.eventLoopUtilization();
      result.observe(performance.eventLoopUtilization(now, before).utilization);
      before = now;
    });
}
